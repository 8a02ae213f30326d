// The screens of the agents, in step with the call: each is shown while its own time has come.
import { mediaAddress } from "./api.js";
import { make } from "./dom.js";

const APART = 0.3;

export function showScreens(view, place) {
  const screens = view.recordings.filter((each) => each.screen && each.state === "archived").map((each) => ({
    from: Date.parse(each.screen.started_at),
    to: Date.parse(each.screen.ended_at),
    video: make("video", { src: mediaAddress(each), preload: "metadata", playsinline: "", "aria-label": `Screen of ${each.screen.agent}` }),
    agent: each.screen.agent,
  }));
  for (const screen of screens) screen.video.muted = true;
  place.replaceChildren(...screens.map((screen) => make("figure", {}, make("figcaption", {}, `Screen of ${screen.agent}`), screen.video)));
  return {
    follow(wall, playing, rate) {
      for (const { video, from, to } of screens) {
        const second = (wall - from) / 1000;
        const within = wall >= from && wall <= to;
        if (within && Math.abs(video.currentTime - second) > APART * Math.max(1, rate)) video.currentTime = second;
        video.playbackRate = rate;
        if (within && playing && video.paused) video.play().catch(() => {});
        if (!(within && playing) && !video.paused) video.pause();
      }
    },
  };
}
