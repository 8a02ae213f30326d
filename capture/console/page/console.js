// Starts what the page consists of; each part copes by itself when the node does not answer.
import { showDays } from "./days.js";
import { watchPair } from "./glance.js";
import { watchRecovery } from "./recovery.js";
import { startSearch } from "./search.js";

startSearch();
watchPair();
showDays();
watchRecovery();
