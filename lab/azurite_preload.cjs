// Loaded by Node.js before Azurite. Every minute its queues throw away the texts of messages that nobody refers to, and
// under load they also hit one that was written a moment ago and is not referred to yet: the message is lost, and all
// requests wait for seconds meanwhile. A queue of Azure does nothing of the kind, so here it happens once a day.
const path = require("node:path");
const constants = require(path.join(path.dirname(process.argv[1]), "queue", "utils", "constants.js"));
constants.DEFAULT_GC_INTERVAL_MS = 24 * 60 * 60 * 1000;
