// Loaded by Node.js before Azurite. Every minute its queues look for texts of messages that nobody refers to any more;
// under load all requests then wait for ten seconds and more, and in one bench acknowledged messages were gone afterwards.
// A queue of Azure does nothing of the kind, so here it happens once a day.
const path = require("node:path");
const constants = require(path.join(path.dirname(process.argv[1]), "queue", "utils", "constants.js"));
constants.DEFAULT_GC_INTERVAL_MS = 24 * 60 * 60 * 1000;
