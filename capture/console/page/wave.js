// The waveform: the loudest sample of each of 800 stretches.
const STRETCHES = 800;
const RATE = 8000;

export async function peaksOf(bytes) {
  const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes.buffer);
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, at) => decoded.getChannelData(at));
  const step = Math.max(1, Math.floor(decoded.length / STRETCHES));
  return Array.from({ length: Math.min(STRETCHES, decoded.length) }, (_, stretch) => {
    let peak = 0;
    for (const channel of channels) {
      for (let at = stretch * step; at < (stretch + 1) * step && at < channel.length; at += 1) peak = Math.max(peak, Math.abs(channel[at]));
    }
    return peak;
  });
}

export function drawWave(canvas, peaks, part) {
  const style = getComputedStyle(canvas);
  const [wide, high] = [canvas.clientWidth * devicePixelRatio, canvas.clientHeight * devicePixelRatio];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, wide, high);
  const most = Math.max(0.05, ...peaks);
  peaks.forEach((peak, at) => {
    const x = (at / peaks.length) * wide;
    pen.fillStyle = style.getPropertyValue(at / peaks.length < part ? "--accent" : "--line");
    const tall = Math.max(1, (peak / most) * high * 0.9);
    pen.fillRect(x, (high - tall) / 2, Math.max(1, wide / peaks.length - 0.5), tall);
  });
  pen.fillStyle = style.getPropertyValue("--bad");
  pen.fillRect(part * wide, 0, 2 * devicePixelRatio, high);
}
