// The sound of a presence check: two soft tones, made here. Off until somebody wants it; the device remembers.
import { find } from "./say";

const key = "rounds:check-sound";

export class Chime {
  private readonly box: HTMLInputElement;
  private context: AudioContext | null = null;

  constructor(root: ParentNode) {
    this.box = find<HTMLInputElement>(root, "[data-check-sound]");
    try { this.box.checked = localStorage.getItem(key) === "on"; } catch { /* then it is off each time */ }
    this.box.onchange = () => {
      try { localStorage.setItem(key, this.box.checked ? "on" : "off"); } catch { /* as above */ }
      this.play(); // so that one knows it, and the browser knows that it is wanted
    };
    // Browsers let a page sound only after it was touched.
    addEventListener("pointerdown", () => { if (this.box.checked) void this.ready().resume(); }, { once: true, passive: true });
  }

  play(): void {
    if (!this.box.checked) return;
    const context = this.ready();
    void context.resume().then(() => { this.tone(context, 660, 0); this.tone(context, 880, 0.22); });
  }

  private ready(): AudioContext { return (this.context ??= new AudioContext()); }

  private tone(context: AudioContext, pitch: number, after: number): void {
    const at = context.currentTime + after;
    const swing = new OscillatorNode(context, { frequency: pitch });
    const loud = new GainNode(context, { gain: 0 });
    loud.gain.linearRampToValueAtTime(0.18, at + 0.03);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
    swing.connect(loud).connect(context.destination);
    swing.start(at);
    swing.stop(at + 0.55);
  }
}
