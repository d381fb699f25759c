// What is told to all above the video: the host's announcement, and that a break or a sponsor's part does not count.
import type { Board } from "./board";
import { write } from "./dom";
import { keep, kept } from "./keep";
import { find, say } from "./say";

export class Notices {
  private readonly announcement: HTMLElement;
  private readonly programme: HTMLElement;
  private closed: string;

  constructor(root: ParentNode, private readonly webinar: string, private readonly time: (iso: string) => string) {
    this.announcement = find(root, "[data-announcement]");
    this.programme = find(root, "[data-programme]");
    this.closed = kept(`announcement:${webinar}`);
    find(this.announcement, "[data-announcement-close]").onclick = () => {
      this.closed = this.announcement.dataset["at"] ?? "";
      keep(`announcement:${this.webinar}`, this.closed);
      this.announcement.hidden = true;
    };
  }

  show(board: Board): void {
    const { announcement = "", announcedAt = "" } = board.settings;
    const at = announcedAt || announcement;
    write(find(this.announcement, "[data-announcement-text]"), announcement);
    write(find(this.announcement, "[data-announcement-at]"), announcedAt ? this.time(announcedAt) : "");
    this.announcement.dataset["at"] = at;
    this.announcement.hidden = !announcement || at === this.closed;

    const segment = board.programme.findLast((s) => !s.to);
    const kind = board.now();
    this.programme.hidden = kind === "talk";
    write(find(this.programme, "[data-programme-title]"), kind === "talk" || !segment ? "" : say(`programme_${kind}`, { at: this.time(segment.from) }));
  }
}
