// Made from docs/clients/notifications.ts by `.venv/bin/python -m tests.clients.strip`: change it there.
export class SignedOut extends Error {
}
export class Refused extends Error {
    code;
    constructor(code, detail){
        super(detail);
        this.code = code;
    }
}
const STOP = new Set([
    4403,
    4404
]);
const UNAUTHENTICATED = 4401;
const RESTARTING = 1012;
const PATIENCE = {
    1013: 2_000,
    4409: 15_000,
    4429: 5_000
};
const SHORTEST = 250;
const LONGEST = 30_000;
const STABLE = 5_000;
const OPENING = 15_000;
const REMEMBERED = 10_000;
const LARGEST_FRAME = 64 * 1024;
const FRAMES = 10;
export class Notifications {
    cursor;
    options;
    socket = null;
    status = "paused";
    generation = 0;
    attempts = 0;
    openedAt = 0;
    heardAt = 0;
    silence = OPENING;
    refused = false;
    timers = {};
    seen = new Set();
    tickets = new Set();
    view = null;
    unanswered = new Map();
    outbox = [];
    sentAt = [];
    constructor(options){
        this.options = options;
        this.cursor = options.after ?? "";
        globalThis.addEventListener?.("online", this.hurry);
    }
    start() {
        if (this.status === "paused") void this.connect(false);
    }
    pause() {
        if (this.status === "closed") return;
        this.leave();
        this.say({
            status: "paused"
        });
    }
    close() {
        this.end(1000, "");
    }
    subscribe(...tickets) {
        for (const ticket of tickets)this.tickets.add(ticket);
        this.send({
            type: "subscribe",
            tickets
        });
    }
    unsubscribe(...tickets) {
        for (const ticket of tickets)this.tickets.delete(ticket);
        this.send({
            type: "unsubscribe",
            tickets
        });
    }
    viewing(ticket, composing = false) {
        this.view = ticket === null ? null : {
            ticket,
            composing
        };
        this.send({
            type: "viewing",
            ticket,
            composing
        });
    }
    typing(conversation) {
        this.send({
            type: "typing",
            conversation
        });
    }
    sendMessage(conversation, content, ref = newRef()) {
        const frame = {
            type: "chat_message",
            conversation,
            content,
            ref
        };
        return new Promise((resolve, reject)=>{
            if (new TextEncoder().encode(JSON.stringify(frame)).length > LARGEST_FRAME) {
                reject(new Refused("too_large", "A message of more than 64 KiB cannot be sent."));
            } else if (this.status === "closed") {
                reject(new Refused("closed", "The connection was closed."));
            } else {
                this.unanswered.set(ref, {
                    frame,
                    resolve,
                    reject
                });
                this.send(frame);
            }
        });
    }
    async connect(refresh) {
        const generation = ++this.generation;
        this.say({
            status: "connecting"
        });
        let token;
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
        const socket = new WebSocket(address, [
            "helpdesk.v1",
            `bearer.${token}`
        ]);
        this.socket = socket;
        this.silence = OPENING;
        this.heardAt = this.openedAt = Date.now();
        this.watch();
        this.renewBefore(token);
        socket.onopen = ()=>{
            if (this.tickets.size) this.send({
                type: "subscribe",
                tickets: [
                    ...this.tickets
                ]
            });
        };
        socket.onmessage = ({ data })=>{
            this.heardAt = Date.now();
            this.hear(JSON.parse(String(data)));
        };
        socket.onclose = ({ code, reason })=>this.lost(code, reason);
    }
    hear(frame) {
        switch(frame.type){
            case "welcome":
                this.refused = false;
                this.cursor = frame.cursor;
                this.silence = this.options.silence ?? 2_000 * frame.heartbeat;
                this.say({
                    status: "open",
                    user: frame.user,
                    recovered: frame.recovered
                });
                if (frame.recovered === false) this.tell(this.options.onReload, frame);
                if (this.view) this.send({
                    type: "viewing",
                    ...this.view
                });
                for (const { frame: sent } of this.unanswered.values())this.send(sent);
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
                if ("id" in frame && "cursor" in frame) this.hearEvent(frame);
        }
    }
    hearEvent(event) {
        if (!this.seen.has(event.id)) {
            this.seen.add(event.id);
            if (this.seen.size > REMEMBERED) this.seen.delete(this.seen.values().next().value);
            this.tell(this.options.onEvent, event);
        }
        this.cursor = event.cursor;
    }
    complained(error) {
        const waiting = error.ref === undefined ? undefined : this.unanswered.get(error.ref);
        if (waiting && error.code === "unavailable") {
            const generation = this.generation;
            setTimeout(()=>generation === this.generation && this.send(waiting.frame), PATIENCE[1013]);
        } else if (waiting) {
            this.unanswered.delete(error.ref);
            waiting.reject(new Refused(error.code, error.detail));
        } else {
            if (error.code === "unavailable") this.after("renew", PATIENCE[1013], ()=>void this.renew());
            this.tell(this.options.onHint, error);
        }
    }
    tell(callback, said) {
        try {
            callback?.(said);
        } catch (error) {
            console.error(error);
        }
    }
    say(state) {
        this.status = state.status;
        this.tell(this.options.onState, state);
    }
    lost(code, reason) {
        if (this.status === "open" && Date.now() - this.openedAt > STABLE) this.attempts = 0;
        this.leave();
        if (STOP.has(code) || code === UNAUTHENTICATED && this.refused) return this.end(code, reason);
        if (code === UNAUTHENTICATED) this.refused = true;
        this.retry(code, reason, this.refused);
    }
    retry(code, reason, refresh) {
        const longest = Math.min(SHORTEST * 2 ** this.attempts++, LONGEST);
        let delay = longest * (0.5 + Math.random() / 2) + (PATIENCE[code] ?? 0);
        const hint = code === RESTARTING ? /\d+(\.\d+)?/.exec(reason) : null;
        if (hint) delay = Number(hint[0]) * 1_000;
        this.say({
            status: "waiting",
            code,
            reason,
            delay
        });
        this.after("retry", delay, ()=>void this.connect(refresh));
    }
    hurry = ()=>{
        if (this.status === "waiting") {
            clearTimeout(this.timers["retry"]);
            void this.connect(false);
        }
    };
    leave() {
        this.generation++;
        for (const timer of Object.values(this.timers))clearTimeout(timer);
        this.outbox = [];
        this.sentAt = [];
        if (this.socket) {
            this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
            this.socket.close();
            this.socket = null;
        }
    }
    end(code, reason) {
        if (this.status === "closed") return;
        this.leave();
        globalThis.removeEventListener?.("online", this.hurry);
        for (const { reject } of this.unanswered.values())reject(new Refused("closed", reason));
        this.unanswered.clear();
        this.say({
            status: "closed",
            code,
            reason
        });
    }
    watch() {
        const left = this.heardAt + this.silence - Date.now();
        if (left <= 0) this.lost(1006, "nothing was heard");
        else this.after("watch", Math.min(left, 1_000), ()=>this.watch());
    }
    renewBefore(token) {
        const left = expiry(token) - Date.now();
        if (left > 0) this.after("renew", Math.min(left - Math.min(60_000, left / 4), 2 ** 31 - 1), ()=>void this.renew());
    }
    async renew() {
        const generation = this.generation;
        try {
            const token = await this.options.getToken(true);
            if (generation !== this.generation) return;
            this.send({
                type: "auth",
                token
            });
            this.renewBefore(token);
        } catch (error) {
            if (generation !== this.generation) return;
            if (error instanceof SignedOut) this.end(UNAUTHENTICATED, error.message);
            else this.after("renew", PATIENCE[1013], ()=>void this.renew());
        }
    }
    send(frame) {
        if (this.socket?.readyState !== WebSocket.OPEN) return;
        this.outbox.push(JSON.stringify(frame));
        this.post();
    }
    post() {
        const now = Date.now();
        this.sentAt = this.sentAt.filter((sent)=>now - sent < 1_000);
        while(this.outbox.length && this.sentAt.length < FRAMES){
            this.socket?.send(this.outbox.shift());
            this.sentAt.push(now);
        }
        if (this.outbox.length) this.after("post", 1_001 - (now - this.sentAt[0]), ()=>this.post());
    }
    after(name, milliseconds, what) {
        clearTimeout(this.timers[name]);
        this.timers[name] = setTimeout(what, milliseconds);
    }
}
export function signIn(url, username, password) {
    let tokens = null;
    async function ask(path, body) {
        const answer = await fetch(url.replace(/\/$/, "") + path, {
            method: "POST",
            headers: {
                "Content-Type": "application/json"
            },
            body: JSON.stringify(body)
        });
        if (answer.ok) tokens = await answer.json();
        else if (answer.status === 429 || answer.status >= 500) throw new Error(`${path}: ${answer.status}`);
        return answer.ok;
    }
    return async (refresh)=>{
        if (tokens && !refresh) return tokens.access;
        const renewed = tokens && await ask("/api/auth/token/refresh/", {
            refresh: tokens.refresh
        });
        if (!renewed && !await ask("/api/auth/token/", {
            username,
            password
        })) {
            throw new SignedOut("The name or the password is wrong.");
        }
        return tokens.access;
    };
}
function expiry(token) {
    try {
        const [, claims = ""] = token.split(".");
        return JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))).exp * 1_000 || 0;
    } catch  {
        return 0;
    }
}
function newRef() {
    return [
        ...crypto.getRandomValues(new Uint8Array(16))
    ].map((byte)=>byte.toString(16).padStart(2, "0")).join("");
}
