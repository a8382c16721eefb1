// The REST calls of one person.

export class Problem extends Error {
  constructor(status, { code = "", detail = "", errors = [] } = {}) {
    super([detail, ...errors.map(({ field, message }) => `${field}: ${message}`)].join(" ") || `HTTP ${status}`);
    this.status = status;
    this.code = code;
  }
}

// What was posted lately, to tell how long its event takes to come back. Both panes look here.
const posted = [];

/** Milliseconds since the request that caused the event; undefined where this page did not send it. */
export function sincePost(event) {
  const cause = posted.find(({ actor, types, at }) => actor === event.actor && types.includes(event.type)
    && performance.now() - at < 10_000 && Date.parse(event.occurred_at) >= at + performance.timeOrigin - 50);
  return cause && performance.now() - cause.at;
}

/** To be called as it is sent: `types` are the events that it will cause. */
export function willCause(actor, ...types) {
  posted.unshift({ actor, types, at: performance.now() });
  posted.length = Math.min(posted.length, 50);
}

export class Api {
  constructor(getToken) {
    this.getToken = getToken;
  }

  get(path) {
    return this.ask("GET", path);
  }

  post(path, body) {
    return this.ask("POST", path, body);
  }

  patch(path, body) {
    return this.ask("PATCH", path, body);
  }

  async ask(method, path, body, refresh = false) {
    const answer = await fetch(`/api/${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${await this.getToken(refresh)}`,
        ...(body && { "Content-Type": "application/json" }),
      },
      body: body && JSON.stringify(body),
    });
    if (answer.status === 401 && !refresh) return this.ask(method, path, body, true);
    const said = answer.status === 204 ? null : await answer.json().catch(() => null);
    if (!answer.ok) throw new Problem(answer.status, said ?? {});
    return said;
  }
}
