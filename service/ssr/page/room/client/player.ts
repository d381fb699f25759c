// The video: joins the broadcast where it is now, and says honestly whether it plays.
import { find, say } from "./say";

export type Playing = "PLAYER_PLAYING" | "PLAYER_PAUSED" | "PLAYER_STALLED";

export class Player {
  private readonly video: HTMLVideoElement;
  private readonly message: HTMLElement;
  private readonly start: HTMLElement;
  private readonly sound: HTMLElement;
  private source = "";
  private stalled = false;
  private joinedAt = 0;
  private offset = 0;

  constructor(root: ParentNode, private readonly changed: () => void) {
    this.video = find(root, "[data-video]");
    this.message = find(root, "[data-video-message]");
    this.start = find(root, "[data-play]");
    this.sound = find(root, "[data-sound]");
    this.start.onclick = () => void this.play();
    this.sound.onclick = () => { this.video.muted = false; this.offerSound(); };
    for (const e of ["playing", "pause", "ended", "seeked"]) this.video.addEventListener(e, () => this.update(false));
    for (const e of ["waiting", "stalled", "error"]) this.video.addEventListener(e, () => this.update(this.video.readyState < 3));
    this.video.addEventListener("volumechange", () => this.offerSound());
    this.video.addEventListener("loadedmetadata", () => this.seek());
    this.video.addEventListener("error", () => this.say(say("video_failed")));
  }

  /** show plays the broadcast, which is so many milliseconds old. */
  async show(url: string, offset: number): Promise<void> {
    this.offset = offset;
    this.joinedAt = performance.now();
    if (url === this.source) return;
    this.source = url;
    this.video.loop = true; // a recording shorter than the webinar begins again
    if (/\.m3u8($|\?)/.test(url) && !this.video.canPlayType("application/vnd.apple.mpegurl")) await this.stream(url);
    else this.video.src = url;
    await this.play();
  }

  state(): Playing {
    if (this.video.paused || this.video.ended) return "PLAYER_PAUSED";
    return this.stalled || this.video.readyState < 2 ? "PLAYER_STALLED" : "PLAYER_PLAYING";
  }

  position(): number { return Math.round(this.video.currentTime * 1000); }

  stop(): void {
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    this.start.hidden = this.sound.hidden = true;
  }

  private async stream(url: string): Promise<void> {
    const { default: Hls } = await import("hls.js/light");
    const hls = new Hls({ lowLatencyMode: true });
    hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal) this.say(say("video_failed")); });
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  private seek(): void {
    const { duration } = this.video;
    if (!Number.isFinite(duration) || duration <= 0) return; // a live stream begins at its edge
    this.video.currentTime = ((this.offset + performance.now() - this.joinedAt) / 1000) % duration;
  }

  /** play begins; browsers may refuse that until the person has touched the page. */
  private async play(): Promise<void> {
    try {
      await this.video.play();
      this.start.hidden = true;
    } catch (e) {
      this.start.hidden = (e as DOMException).name !== "NotAllowedError";
    }
    this.offerSound();
    this.changed();
  }

  private offerSound(): void { this.sound.hidden = !this.video.muted || this.video.paused; }

  private update(stalled: boolean): void {
    this.stalled = stalled;
    if (!this.video.paused) { this.start.hidden = true; this.message.hidden = true; }
    this.offerSound();
    this.changed();
  }

  private say(text: string): void {
    this.message.textContent = text;
    this.message.hidden = false;
  }
}
