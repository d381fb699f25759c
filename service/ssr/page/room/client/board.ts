// The board of a room as this browser knows it: items by their numbers, and the revision up to which nothing is missing.
import type { BoardPush, Hand, Note, Poll, Question, Sanction, Segment, Settings } from "./protocol";

const mostEarly = 200;

export class Board {
  revision = 0;
  readonly questions = new Map<number, Question>();
  readonly polls = new Map<number, Poll>();
  readonly hands = new Map<string, Hand>();
  readonly sanctions = new Map<string, Sanction>();
  readonly notes = new Map<number, Note>();
  settings: Settings = {};
  programme: Segment[] = [];
  private early: BoardPush[] = []; // after a revision that is missing

  /**
   * take gives the changes that could be applied, the oldest first. A change after a gap waits; gap says whether one does, and
   * then room.state has what is missing.
   */
  take(push: BoardPush): BoardPush[] {
    const applied: BoardPush[] = [];
    for (let next: BoardPush | undefined = push; next; next = this.ready()) {
      if ((next.revision ?? 0) <= this.revision) continue; // known
      if ((next.revisionBefore ?? 0) > this.revision) { this.wait(next); break; }
      this.apply(next);
      applied.push(next);
    }
    return applied;
  }

  get gap(): boolean { return this.early.length > 0; }

  /** now is what the webinar is doing: before the first segment everything is talk. */
  now(): Segment["kind"] { return this.programme.findLast((s) => !s.to)?.kind ?? "talk"; }

  private ready(): BoardPush | undefined {
    this.early = this.early.filter((p) => (p.revision ?? 0) > this.revision);
    const at = this.early.findIndex((p) => (p.revisionBefore ?? 0) <= this.revision);
    return at < 0 ? undefined : this.early.splice(at, 1)[0];
  }

  private wait(push: BoardPush): void {
    if (this.early.length < mostEarly) this.early.push(push); // what does not fit is asked for
  }

  private apply(push: BoardPush): void {
    this.revision = push.revision ?? this.revision;
    for (const q of push.questions ?? []) this.questions.set(q.number, q);
    for (const p of push.polls ?? []) this.polls.set(p.number, p);
    for (const n of push.notes ?? []) this.notes.set(n.number, n);
    for (const h of push.hands ?? []) if (h.raisedAt) this.hands.set(h.accountId, h); else this.hands.delete(h.accountId);
    for (const s of push.sanctions ?? []) if (s.kind) this.sanctions.set(s.accountId, s); else this.sanctions.delete(s.accountId);
    if (push.settings) this.settings = push.settings;
    if (push.programme) this.programme = push.programme.segments ?? [];
  }
}
