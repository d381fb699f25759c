// What a host may do to a message and to a person. Each asks for the reason, which the person is told; a mute and a removal can be
// taken back from the line that says they were done.
import type { ChatMessage, Done } from "../../room/client/protocol";
import { say } from "../../room/client/say";
import type { Action } from "../../room/client/menu";
import type { Desk } from "./desk";

/** Whom names a person: by account, as the author of a message, or as who asked a question. */
export interface Whom { accountId?: string; sequence?: number; question?: number }

const reasonLimit = 200;

/** actionsOn are those on what somebody else wrote. */
export function actionsOn(desk: Desk, m: ChatMessage, own: boolean): Action[] {
  if (own) return [];
  const remove: Action = { label: say("moderate_delete"), icon: "trash-2", grave: true, run: () => void takeAway(desk, m) };
  return m.host ? [remove] : [remove, ...actionsOnPerson(desk, { sequence: m.sequence }, m.name)];
}

export function actionsOnPerson(desk: Desk, whom: Whom, name: string): Action[] {
  return [
    { label: say("mute"), icon: "volume-x", run: () => void mute(desk, whom, name) },
    { label: say("show_out"), icon: "user-minus", grave: true, run: () => void showOut(desk, whom, name) },
  ];
}

async function takeAway(desk: Desk, m: ChatMessage): Promise<void> {
  const answer = await desk.ask.open({
    title: say("delete_title", { name: m.name }), text: m.body ?? "", yes: say("delete_yes"), grave: true,
    words: { label: say("reason"), hint: say("reason_hint"), limit: reasonLimit },
  });
  if (answer) await desk.act("chat.delete", { sequence: m.sequence, reason: answer.words }, say("deleted"));
}

async function mute(desk: Desk, whom: Whom, name: string): Promise<void> {
  const answer = await desk.ask.open({
    title: say("mute_title", { name }), text: say("mute_text"), yes: say("mute_yes"),
    choice: { label: say("how_long"), options: [["5", say("minutes_5")], ["15", say("minutes_15")], ["0", say("until_end")]] },
    words: { label: say("reason"), hint: say("reason_hint"), limit: reasonLimit },
  });
  if (!answer) return;
  await desk.act<Done>("host.mute", { ...whom, reason: answer.words, minutes: Number(answer.choice) }, say("muted", { name }),
    () => lift(desk, whom, "muted", answer.words));
}

async function showOut(desk: Desk, whom: Whom, name: string): Promise<void> {
  const answer = await desk.ask.open({
    title: say("show_out_title", { name }), text: say("show_out_text"), yes: say("show_out_yes"), grave: true,
    words: { label: say("reason"), hint: say("reason_hint"), limit: reasonLimit },
  });
  if (!answer) return;
  await desk.act<Done>("host.remove", { ...whom, reason: answer.words }, say("shown_out", { name }),
    () => lift(desk, whom, "removed", answer.words));
}

/** lift takes back what was just done. Whom it was done to is on the board by then, also where only a message named the person. */
function lift(desk: Desk, whom: Whom, kind: "muted" | "removed", reason: string): void {
  const account = whom.accountId
    ?? [...desk.connection.board.sanctions.values()].filter((s) => s.kind === kind && s.reason === reason)
      .sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""))[0]?.accountId;
  if (account) void readmit(desk, account, kind);
}

export async function readmit(desk: Desk, accountId: string, kind: "muted" | "removed"): Promise<void> {
  await desk.act(kind === "muted" ? "host.unmute" : "host.readmit", { accountId }, say(kind === "muted" ? "unmuted" : "readmitted"));
}
