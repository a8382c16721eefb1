/**
 * A client of the notifications socket, to copy: no dependencies, for browsers and Node 22 or newer.
 *
 *     const desk = new Notifications({
 *       url: "https://desk.example.com",
 *       getToken: signIn("https://desk.example.com", "agent_1", "testpass123"),
 *       onEvent: (event) => console.log(event.message),
 *       onReload: () => reloadEverything(),
 *     });
 *     desk.start();
 *
 * Every event comes to `onEvent` once and in order, whatever happens to the connection in between. Keep
 * `desk.cursor` and give it as `after` to go on from there after a reload of the page.
 */

export interface TicketRef {
  id: number;
  title: string;
}

/** What has changed: from what to what, by field. */
export type Changes = Record<string, { from: unknown; to: unknown }>;

interface Told<Type extends string, Message = string> {
  type: Type;
  id: number;
  cursor: string;
  occurred_at: string;
  /** A username; null where the desk did it by itself. */
  actor: string | null;
  message: Message;
}

export interface TicketCreated extends Told<"ticket_created"> {
  ticket: TicketRef & { priority: string; status: string; created_by: string };
}

export interface StatusChanged extends Told<"status_changed"> {
  ticket: TicketRef & { old_status: string; new_status: string };
}

export interface CommentTold
  extends Told<"comment_added" | "comment_updated" | "note_added" | "note_updated"> {
  ticket: TicketRef;
  /** `content` is the first 100 characters. */
  comment: { id: number; author: string; content: string };
  changes?: Changes;
}

export interface CommentDeleted extends Told<"comment_deleted" | "note_deleted"> {
  ticket: TicketRef;
  comment: { id: number; author: string };
  changes: Changes;
}

export interface TicketChanged
  extends Told<
    | "priority_changed"
    | "ticket_assigned"
    | "ticket_team_changed"
    | "ticket_updated"
    | "ticket_deleted"
    | "ticket_restored"
  > {
  ticket: TicketRef;
  changes: Changes;
}

export interface TicketMerged extends Told<"ticket_merged" | "ticket_unmerged"> {
  ticket: TicketRef;
  changes: Changes;
  merge: { source: number; target: number };
}

export interface TicketSplit extends Told<"ticket_split" | "note_split"> {
  ticket: TicketRef;
  comment: { id: number; author: string; content: string };
  split: { source: number; target: number };
}

export interface TicketLinked extends Told<"ticket_linked" | "ticket_unlinked"> {
  ticket: TicketRef;
  link: { id: number; kind: string; ticket: number };
}

export interface AttachmentTold
  extends Told<"attachment_added" | "attachment_deleted" | "note_attachment_added" | "note_attachment_deleted"> {
  ticket: TicketRef;
  attachment: { id: number; comment: number | null; filename: string; content_type: string; size: number };
  changes: Changes;
}

export interface SlaTold extends Told<"sla_warning" | "sla_breached"> {
  ticket: TicketRef;
}

/** `content` is the beginning of the text, and `attachments` how many there are. */
export interface MessageSent
  extends Told<"message_sent", { id: number; author: string; content: string; attachments: number }> {
  conversation: number;
}

/** `actor` has read everything up to this message. */
export interface MessagesRead extends Told<"messages_read", { id: number }> {
  conversation: number;
}

export type DeskEvent =
  | TicketCreated
  | StatusChanged
  | CommentTold
  | CommentDeleted
  | TicketChanged
  | TicketMerged
  | TicketSplit
  | TicketLinked
  | AttachmentTold
  | SlaTold
  | MessageSent
  | MessagesRead;

export interface Person {
  id: number;
  username: string;
  name: string;
  role: "customer" | "agent" | "admin";
}

export interface Welcome {
  type: "welcome";
  cursor: string;
  user: Person;
  /** Seconds between two heartbeats. */
  heartbeat: number;
  recovered: boolean | null;
}

/** Frames that are true for a moment. They are not stored, and not repeated. */
export type Hint =
  | { type: "presence_changed"; user: unknown; online: boolean }
  | { type: "typing"; conversation: number; user: unknown }
  | { type: "viewing"; ticket: number; user: unknown; composing: boolean; left?: true }
  | { type: "subscribed" | "unsubscribed"; tickets: number[] }
  | { type: "access_granted" | "access_revoked"; ticket: number }
  | { type: "error"; code: string; detail: string; ref?: string };

interface Ack {
  type: "ack";
  ref: string;
  id: number;
}

export type Frame = DeskEvent | Hint | Welcome | Ack | { type: "heartbeat"; cursor: string } | { type: "pong" };

export type State =
  | { status: "connecting" }
  | { status: "open"; user: Person; recovered: boolean | null }
  /** The connection is gone; the next try is in `delay` milliseconds. */
  | { status: "waiting"; code: number; reason: string; delay: number }
  | { status: "paused" }
  /** For good: 4403 and 4404, credentials that are refused twice, a `SignedOut`, or `close()`. */
  | { status: "closed"; code: number; reason: string };

export interface Options {
  /** Where the desk is: "https://desk.example.com". */
  url: string;
  /** An access token; a fresh one if `refresh`. Throws `SignedOut` where there is none to be had any more. */
  getToken: (refresh: boolean) => string | Promise<string>;
  onEvent: (event: DeskEvent) => void;
  /** What was missed is too old to be told: read everything anew by REST. */
  onReload?: (welcome: Welcome) => void;
  onHint?: (hint: Hint) => void;
  onState?: (state: State) => void;
  /** The cursor to go on from. */
  after?: string;
  /** Milliseconds without a frame after which the connection is dead; otherwise two heartbeats. */
  silence?: number;
}

/** Nobody is signed in any more: asking again is of no use. */
export class SignedOut extends Error {}

/** What the server said to a frame of ours. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

const STOP = new Set([4403, 4404]);
const UNAUTHENTICATED = 4401;
const RESTARTING = 1012;
/** The least to wait, in milliseconds: where coming back at once would make it worse. */
const PATIENCE: Record<number, number> = { 1013: 2_000, 4409: 15_000, 4429: 5_000 };
const SHORTEST = 250;
const LONGEST = 30_000;
const STABLE = 5_000;
const OPENING = 15_000;
const REMEMBERED = 10_000;
const LARGEST_FRAME = 64 * 1024;
/** A second. The server ends who sends more than 20, and the network may bring them closer together. */
const FRAMES = 10;

export class Notifications {
  cursor: string;
  private readonly options: Options;
  private socket: WebSocket | null = null;
  private status: State["status"] = "paused";
  /** Grows with each connection, so that what belongs to a former one is told from this one's. */
  private generation = 0;
  private attempts = 0;
  private openedAt = 0;
  private heardAt = 0;
  private silence = OPENING;
  private refused = false;
  private readonly timers: Record<string, ReturnType<typeof setTimeout>> = {};
  private readonly seen = new Set<number>();
  private readonly tickets = new Set<number>();
  private view: { ticket: number; composing: boolean } | null = null;
  private readonly unanswered = new Map<
    string,
    { frame: object; resolve: (id: number) => void; reject: (error: Error) => void }
  >();
  private outbox: string[] = [];
  private sentAt: number[] = [];

  constructor(options: Options) {
    this.options = options;
    this.cursor = options.after ?? "";
    // A browser knows when the network is back.
    (globalThis as { addEventListener?: typeof addEventListener }).addEventListener?.("online", this.hurry);
  }

  start(): void {
    if (this.status === "paused") void this.connect(false);
  }

  /** Hang up until `start()`: an app in the background, say. What happens meanwhile is told afterwards. */
  pause(): void {
    if (this.status === "closed") return;
    this.leave();
    this.say({ status: "paused" });
  }

  close(): void {
    this.end(1000, "");
  }

  /** Agents: hear of these tickets although they are assigned to others. */
  subscribe(...tickets: number[]): void {
    for (const ticket of tickets) this.tickets.add(ticket);
    this.send({ type: "subscribe", tickets });
  }

  unsubscribe(...tickets: number[]): void {
    for (const ticket of tickets) this.tickets.delete(ticket);
    this.send({ type: "unsubscribe", tickets });
  }

  /** Tell others who look at this ticket; null for none. Said again after each reconnect. */
  viewing(ticket: number | null, composing = false): void {
    this.view = ticket === null ? null : { ticket, composing };
    this.send({ type: "viewing", ticket, composing });
  }

  typing(conversation: number): void {
    this.send({ type: "typing", conversation });
  }

  /** Write in a conversation: sent again, under the same `ref`, until the server has it. Answers with its id. */
  sendMessage(conversation: number, content: string, ref: string = newRef()): Promise<number> {
    const frame = { type: "chat_message", conversation, content, ref };
    return new Promise((resolve, reject) => {
      if (new TextEncoder().encode(JSON.stringify(frame)).length > LARGEST_FRAME) {
        reject(new Refused("too_large", "A message of more than 64 KiB cannot be sent."));
      } else if (this.status === "closed") {
        reject(new Refused("closed", "The connection was closed."));
      } else {
        this.unanswered.set(ref, { frame, resolve, reject });
        this.send(frame);
      }
    });
  }

  private async connect(refresh: boolean): Promise<void> {
    const generation = ++this.generation;
    this.say({ status: "connecting" });
    let token: string;
    try {
      token = await this.options.getToken(refresh);
    } catch (error) {
      if (generation !== this.generation) return;
      if (error instanceof SignedOut) this.end(UNAUTHENTICATED, error.message);
      else this.retry(1006, String(error), refresh);
      return;
    }
    if (generation !== this.generation) return;
    const after = this.cursor && `?after=${encodeURIComponent(this.cursor)}`;
    const address = `${this.options.url.replace(/^http/, "ws").replace(/\/$/, "")}/ws/notifications/${after}`;
    const socket = new WebSocket(address, ["helpdesk.v1", `bearer.${token}`]);
    this.socket = socket;
    this.silence = OPENING;
    this.heardAt = this.openedAt = Date.now();
    this.watch();
    this.renewBefore(token);
    socket.onopen = () => {
      // Before the welcome, so that what was missed comes for these tickets too.
      if (this.tickets.size) this.send({ type: "subscribe", tickets: [...this.tickets] });
    };
    socket.onmessage = ({ data }) => {
      this.heardAt = Date.now();
      this.hear(JSON.parse(String(data)) as Frame);
    };
    socket.onclose = ({ code, reason }) => this.lost(code, reason);
  }

  private hear(frame: Frame): void {
    switch (frame.type) {
      case "welcome":
        this.refused = false;
        this.cursor = frame.cursor;
        this.silence = this.options.silence ?? 2_000 * frame.heartbeat;
        this.say({ status: "open", user: frame.user, recovered: frame.recovered });
        if (frame.recovered === false) this.tell(this.options.onReload, frame);
        if (this.view) this.send({ type: "viewing", ...this.view });
        for (const { frame: sent } of this.unanswered.values()) this.send(sent);
        break;
      case "heartbeat":
        this.cursor = frame.cursor;
        break;
      case "pong":
        break;
      case "ack":
        this.unanswered.get(frame.ref)?.resolve(frame.id);
        this.unanswered.delete(frame.ref);
        break;
      case "error":
        this.complained(frame);
        break;
      case "presence_changed":
      case "typing":
      case "viewing":
      case "subscribed":
      case "unsubscribed":
      case "access_granted":
      case "access_revoked":
        this.tell(this.options.onHint, frame);
        break;
      default:
        // Also events of a type that is younger than this file.
        if ("id" in frame && "cursor" in frame) this.hearEvent(frame);
    }
  }

  private hearEvent(event: DeskEvent): void {
    if (!this.seen.has(event.id)) {
      this.seen.add(event.id);
      if (this.seen.size > REMEMBERED) this.seen.delete(this.seen.values().next().value as number);
      this.tell(this.options.onEvent, event);
    }
    this.cursor = event.cursor;
  }

  private complained(error: Extract<Hint, { type: "error" }>): void {
    const waiting = error.ref === undefined ? undefined : this.unanswered.get(error.ref);
    if (waiting && error.code === "unavailable") {
      const generation = this.generation;
      setTimeout(() => generation === this.generation && this.send(waiting.frame), PATIENCE[1013]);
    } else if (waiting) {
      this.unanswered.delete(error.ref as string);
      waiting.reject(new Refused(error.code, error.detail));
    } else {
      // Our new token could not be looked at: it is sent again.
      if (error.code === "unavailable") this.after("renew", PATIENCE[1013] as number, () => void this.renew());
      this.tell(this.options.onHint, error);
    }
  }

  /** What a callback throws is its own affair: it must not stop the stream. */
  private tell<Said>(callback: ((said: Said) => void) | undefined, said: Said): void {
    try {
      callback?.(said);
    } catch (error) {
      console.error(error);
    }
  }

  private say(state: State): void {
    this.status = state.status;
    this.tell(this.options.onState, state);
  }

  // --- the connection is gone ---------------------------------------------------------------------------------------

  private lost(code: number, reason: string): void {
    if (this.status === "open" && Date.now() - this.openedAt > STABLE) this.attempts = 0;
    this.leave();
    if (STOP.has(code) || (code === UNAUTHENTICATED && this.refused)) return this.end(code, reason);
    // The token may just have expired. A second refusal, of a fresh one, is meant.
    if (code === UNAUTHENTICATED) this.refused = true;
    this.retry(code, reason, this.refused);
  }

  private retry(code: number, reason: string, refresh: boolean): void {
    const longest = Math.min(SHORTEST * 2 ** this.attempts++, LONGEST);
    let delay = longest * (0.5 + Math.random() / 2) + (PATIENCE[code] ?? 0);
    // Whoever restarts says when to come back, to each something else.
    const hint = code === RESTARTING ? /\d+(\.\d+)?/.exec(reason) : null;
    if (hint) delay = Number(hint[0]) * 1_000;
    this.say({ status: "waiting", code, reason, delay });
    this.after("retry", delay, () => void this.connect(refresh));
  }

  private readonly hurry = (): void => {
    if (this.status === "waiting") {
      clearTimeout(this.timers["retry"]);
      void this.connect(false);
    }
  };

  /** Without waiting for the other side: a dead connection would not answer. */
  private leave(): void {
    this.generation++;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.outbox = [];
    this.sentAt = [];
    if (this.socket) {
      this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }
  }

  private end(code: number, reason: string): void {
    if (this.status === "closed") return;
    this.leave();
    (globalThis as { removeEventListener?: typeof removeEventListener }).removeEventListener?.("online", this.hurry);
    for (const { reject } of this.unanswered.values()) reject(new Refused("closed", reason));
    this.unanswered.clear();
    this.say({ status: "closed", code, reason });
  }

  private watch(): void {
    const left = this.heardAt + this.silence - Date.now();
    if (left <= 0) this.lost(1006, "nothing was heard");
    else this.after("watch", Math.min(left, 1_000), () => this.watch());
  }

  // --- the token ----------------------------------------------------------------------------------------------------

  private renewBefore(token: string): void {
    const left = expiry(token) - Date.now();
    // Not at all where it is not known: 4401 will say so.
    if (left > 0) this.after("renew", Math.min(left - Math.min(60_000, left / 4), 2 ** 31 - 1), () => void this.renew());
  }

  private async renew(): Promise<void> {
    const generation = this.generation;
    try {
      const token = await this.options.getToken(true);
      if (generation !== this.generation) return;
      this.send({ type: "auth", token });
      this.renewBefore(token);
    } catch (error) {
      if (generation !== this.generation) return;
      if (error instanceof SignedOut) this.end(UNAUTHENTICATED, error.message);
      else this.after("renew", PATIENCE[1013] as number, () => void this.renew());
    }
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  private send(frame: object): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.outbox.push(JSON.stringify(frame));
    this.post();
  }

  private post(): void {
    const now = Date.now();
    this.sentAt = this.sentAt.filter((sent) => now - sent < 1_000);
    while (this.outbox.length && this.sentAt.length < FRAMES) {
      this.socket?.send(this.outbox.shift() as string);
      this.sentAt.push(now);
    }
    if (this.outbox.length) this.after("post", 1_001 - (now - (this.sentAt[0] as number)), () => this.post());
  }

  private after(name: string, milliseconds: number, what: () => void): void {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(what, milliseconds);
  }
}

/** A `getToken` for a name and a password: signs in, and refreshes as long as the session lasts. */
export function signIn(url: string, username: string, password: string): (refresh: boolean) => Promise<string> {
  let tokens: { access: string; refresh: string } | null = null;

  async function ask(path: string, body: object): Promise<boolean> {
    const answer = await fetch(url.replace(/\/$/, "") + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) tokens = (await answer.json()) as { access: string; refresh: string };
    else if (answer.status === 429 || answer.status >= 500) throw new Error(`${path}: ${answer.status}`);
    return answer.ok;
  }

  return async (refresh) => {
    if (tokens && !refresh) return tokens.access;
    const renewed = tokens && (await ask("/api/auth/token/refresh/", { refresh: tokens.refresh }));
    if (!renewed && !(await ask("/api/auth/token/", { username, password }))) {
      throw new SignedOut("The name or the password is wrong.");
    }
    return (tokens as unknown as { access: string }).access;
  };
}

/** When a token expires, in milliseconds; 0 where that is not known. */
function expiry(token: string): number {
  try {
    const [, claims = ""] = token.split(".");
    return (JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))) as { exp: number }).exp * 1_000 || 0;
  } catch {
    return 0;
  }
}

function newRef(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
