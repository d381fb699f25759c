// What the room and a browser say to each other (contract/livewebinar/v1/{room,chat,board}.proto), as JSON: what is zero, empty
// or false is left out, so all of it is optional here.

export interface Reason { code: string; state?: string; have?: number; of?: number; need?: number; more?: number }
export interface Credit {
  verdict: string; watchedSeconds?: number; creditableSeconds?: number; percent?: number;
  checksAnswered?: number; checksMissed?: number; worthHundredths?: number; reachedAt?: string; reasons?: Reason[];
}
export interface Check { number: number; windowSeconds: number; leftMs?: number }
export interface Room {
  webinarId: string; title: string; videoUrl: string; offsetMs?: number; openedAt?: string; plannedEnd?: string; commitment?: string;
}

export interface Quote { sequence: number; name: string; body?: string }
export interface Reaction { kind: string; count?: number }
export interface ChatMessage {
  sequence: number; id: string; name: string; host?: boolean; body?: string; sentAt: string;
  replyTo?: Quote; editedAt?: string; deletedBy?: "author" | "host"; reactions?: Reaction[];
}

export interface Question {
  number: number; body?: string; name?: string; anonymous?: boolean; votes?: number;
  state: "open" | "answering" | "answered" | "dismissed" | "merged" | "withdrawn";
  answer?: string; answeredBy?: string; mergedInto?: number; reason?: string; askedAt: string; answeredAt?: string;
}
export interface Poll {
  number: number; question: string; options: string[]; multiple?: boolean; state: "draft" | "open" | "closed" | "discarded";
  shared?: boolean; counts?: number[]; voters?: number; openedAt?: string; closedAt?: string;
}
export interface Settings { announcement?: string; announcedAt?: string; slowSeconds?: number; chatClosed?: boolean }
export interface Segment { kind: "talk" | "break" | "sponsor"; from: string; to?: string }
export interface Hand { accountId: string; name: string; raisedAt?: string }
export interface Sanction { accountId: string; name: string; kind?: "muted" | "removed"; reason?: string; by?: string; at?: string; until?: string }
export interface Note { number: number; id: string; name: string; body: string; sentAt: string }

/** BoardPush is what changed on the board between two revisions, each item whole. */
export interface BoardPush {
  revisionBefore?: number; revision?: number; messages?: ChatMessage[]; questions?: Question[]; polls?: Poll[];
  settings?: Settings; programme?: { segments?: Segment[] }; hands?: Hand[]; sanctions?: Sanction[]; notes?: Note[];
}

export interface Muted { reason: string; until?: string }
/** Mine is what this account did on the board, which nobody else is told. */
export interface Mine {
  voted?: number[]; asked?: number[]; answers?: { number: number; options?: number[] }[];
  reactions?: { sequence: number; kind: string }[]; hand?: boolean; muted?: Muted; messages?: number[];
  /** notices say what hosts did to what this account wrote. */
  notices?: Notice[];
}
export interface Notice { kind: "message_deleted" | "question_dismissed" | "question_merged"; number: number; reason?: string; body?: string }

export interface Joined {
  room: Room; messages?: ChatMessage[]; lastSequence?: number; viewers?: number; credit: Credit; check?: Check; host?: boolean;
  board?: BoardPush; mine?: Mine; revision?: number;
}
export interface StateAnswer { board?: BoardPush; mine?: Mine; lastSequence?: number; revision?: number }
export interface BeatAnswer { credit: Credit; viewers?: number; lastSequence?: number; revision?: number }
export interface HistoryAnswer { messages?: ChatMessage[]; lastSequence?: number }
export interface Done { revision?: number; number?: number }

export interface RoomPush { messages?: ChatMessage[]; viewers?: number; closed?: { reason: string }; board?: BoardPush }
export interface PersonPush { webinarId: string; check?: Check; checkOver?: number; mine?: Mine; removed?: { reason?: string }; unseen?: number }
export interface FrontPush { webinarId: string; state: "live" | "ended"; slug: string; title: string }
