// The raised hand: a button that says how it stands. Hosts see who raised it, nobody else does.
import { find, say } from "./say";
import { write } from "./dom";
import type { Mine } from "./protocol";
import type { Connection } from "./wire";

export class RaisedHand {
  private readonly button: HTMLButtonElement;
  private up = false;

  constructor(root: ParentNode, private readonly connection: () => Connection, private readonly failed: (e: unknown) => void) {
    this.button = find<HTMLButtonElement>(root, "[data-hand]");
    this.button.onclick = () => void this.raise(!this.up);
  }

  mine(m: Mine): void { this.show(m.hand ?? false); }

  close(): void { this.button.disabled = true; }

  private async raise(on: boolean): Promise<void> {
    this.show(on);
    try {
      await this.connection().call("hand.raise", { on });
    } catch (e) {
      this.show(!on);
      this.failed(e);
    }
  }

  private show(up: boolean): void {
    this.up = up;
    this.button.dataset["up"] = String(up);
    write(find(this.button, "span"), say(up ? "hand_lower" : "hand_raise"));
    write(find(this.button.parentElement ?? document, "[data-hand-state]"), up ? say("hand_up") : "");
  }
}
