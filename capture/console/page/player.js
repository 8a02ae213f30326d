// Plays a call: waveform, seek, speed, and the screens of its agents in step with it.
import { mediaAddress } from "./api.js";
import { by, clock, make } from "./dom.js";
import { beginning } from "./timeline.js";
import { showScreens } from "./screens.js";
import { readWhole } from "./whole.js";
import { drawWave, peaksOf } from "./wave.js";

const SPEEDS = ["0.5", "0.75", "1", "1.25", "1.5", "2", "3"];
let stop = () => {};

export function play(view, recording, line) {
  stop();
  const audio = make("audio", { preload: "metadata", src: mediaAddress(recording) });
  const button = make("button", { type: "button", id: "play", onclick: () => (audio.paused ? audio.play() : audio.pause()) }, "Play");
  const seek = make("input", { type: "range", id: "seek", min: "0", max: "1", step: "0.1", value: "0", disabled: "", "aria-label": "Position in the call" });
  const speed = make("select", { id: "speed" }, ...SPEEDS.map((each) => make("option", { value: each, ...(each === "1" && { selected: "" }) }, `${each} ×`)));
  const shift = make("input", { type: "number", id: "shift", value: "0", step: "0.5" });
  const time = make("output", { id: "time" }, "0:00");
  const canvas = make("canvas", { "aria-hidden": "true" });
  const said = make("p", { class: "faint", id: "said", role: "status" }, "Reading the audio for its waveform…");
  by("player").replaceChildren(make("h3", {}, "Call audio"), make("div", { class: "wave" }, canvas), seek,
    make("div", { class: "row" }, button, time, make("label", {}, "Speed", speed), make("label", {}, "Shift against the screens (s)", shift)), said, audio);
  const screens = showScreens(view, by("screens"));
  let peaks = [];
  let begin = NaN;
  const wall = () => begin + 1000 * (audio.currentTime + Number(shift.value));
  const show = () => {
    seek.value = audio.currentTime;
    seek.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(audio.duration || 0)}`);
    time.textContent = `${clock(audio.currentTime)} / ${clock(audio.duration || 0)}`;
    drawWave(canvas, peaks, audio.duration ? audio.currentTime / audio.duration : 0);
    if (Number.isNaN(begin)) return; // the waveform may be ready before the player knows how long the call is
    line.move(wall());
    screens.follow(wall(), !audio.paused, audio.playbackRate);
  };
  audio.addEventListener("loadedmetadata", () => {
    seek.max = audio.duration;
    seek.disabled = false;
    begin = beginning(view, recording, audio.duration);
    line.place(recording.id, begin, begin + 1000 * audio.duration);
    show();
  });
  audio.addEventListener("error", () => { said.textContent = "This recording cannot be played: its archive cannot be reached, or it is no audio."; });
  for (const event of ["timeupdate", "seeked", "play", "pause"]) audio.addEventListener(event, show);
  for (const event of ["play", "pause"]) audio.addEventListener(event, () => { button.textContent = audio.paused ? "Play" : "Pause"; });
  seek.addEventListener("input", () => { audio.currentTime = Number(seek.value); });
  speed.addEventListener("change", () => { audio.playbackRate = Number(speed.value); });
  shift.addEventListener("change", show);
  canvas.addEventListener("click", (event) => { audio.currentTime = (event.offsetX / canvas.clientWidth) * audio.duration; });
  line.onPick((moment) => { audio.currentTime = Math.max(0, (moment - begin) / 1000 - Number(shift.value)); });
  const ending = new AbortController();
  stop = () => { audio.pause(); ending.abort(); };
  wave(recording, ending.signal, said).then((read) => { peaks = read; show(); }, (error) => { if (!ending.signal.aborted) said.textContent = error.message; });
}

async function wave(recording, signal, said) {
  const { bytes, sha256 } = await readWhole(mediaAddress(recording), recording.size, signal);
  const good = sha256 === recording.sha256;
  const cell = by(`integrity-${recording.id}`);
  cell.textContent = good ? "as archived" : "ALTERED: not what the ledger says";
  cell.className = good ? "good" : "bad";
  said.textContent = good ? "Its bytes are what was archived (SHA-256)." : "Its bytes are NOT what was archived.";
  return peaksOf(bytes);
}
