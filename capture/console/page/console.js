// Starts what the page consists of; each part copes by itself when the node does not answer.
import { watchDays } from "./days.js";
import { watchPair } from "./glance.js";
import { watchIntegrity } from "./integrity.js";
import { watchRecovery } from "./recovery.js";
import { startSearch } from "./search.js";

startSearch();
watchPair();
watchDays();
watchIntegrity();
watchRecovery();
