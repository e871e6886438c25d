// Talks to the review's server: the token, requests, corrections in turn, and changes that another tab made.

const TOKEN_KEY = "imgsort-review-token";
const POLL_MS = 2000;
const PROGRESS_MS = 250;

/** An answer that is no success. `status` is 0 if no answer came; `body` is the JSON of the answer, or null. */
export class RequestError extends Error {
  constructor(message, status, body = null) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** Whether what came with an error is the newer state: another window was quicker. */
export function isNewer(body) {
  return body !== null && "revision" in body;
}

/** Move the token from the address to this tab's storage, so that the address can be shown to anybody. */
export function takeToken() {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (match) {
    sessionStorage.setItem(TOKEN_KEY, match[1]);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(TOKEN_KEY);
}

/**
 * The server as the page sees it. `listeners`: onState(state) for each newer state, onLost() and onFound() when the
 * server goes away and comes back, onStranger() when it does not know our token.
 */
export class ReviewServer {
  constructor(token, listeners) {
    this.token = token;
    this.listeners = listeners;
    this.state = null;
    this.lost = false;
    this.turn = Promise.resolve();
    this.timer = 0;
  }

  /** Fetch the images, the groups and the state, and begin to look for changes of other tabs. */
  async open() {
    const all = await this.get("/api/page");
    this.state = all.state;
    this.watch();
    return all;
  }

  get(path) {
    return this.#json(path, { method: "GET" });
  }

  post(path, body = {}) {
    const headers = { "Content-Type": "application/json" };
    return this.#json(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /**
   * Send a correction when those before it are answered. If another tab was quicker, the newer state is taken, and the
   * error with status 409 is thrown.
   */
  correct(correction) {
    const answer = this.turn.then(async () => {
      try {
        this.#take(await this.post("/api/correct", { revision: this.state.revision, correction }));
      } catch (error) {
        if (isNewer(error.body)) this.#take(error.body);
        throw error;
      }
    });
    this.turn = answer.catch(() => {});
    return answer;
  }

  /** Start work of the server (apply, take_back, train), tell `onProgress` of it, and return its result. */
  async work(path, onProgress) {
    await this.post(path);
    return this.follow(onProgress);
  }

  /** Wait for the end of work that runs already. */
  async follow(onProgress) {
    for (;;) {
      const progress = await this.#patiently(() => this.get("/api/progress"));
      onProgress(progress);
      if (progress.state === "failed") throw new RequestError(progress.error.message, 200, progress);
      if (progress.state !== "working") {
        await this.refresh();
        return progress.result;
      }
      await pause(PROGRESS_MS);
    }
  }

  /** Return a file that the server makes, as a Blob. */
  async download(path) {
    return (await this.#answer(path, { method: "GET" })).blob();
  }

  /** Take the state if it changed. */
  async refresh() {
    const state = await this.get(`/api/state?since=${this.state.revision}`);
    if (state !== null) this.#take(state);
  }

  /** Look for changes of other tabs now and then, and at once when this tab is looked at again. */
  watch() {
    const look = async () => {
      clearTimeout(this.timer);
      try {
        await this.turn;
        await this.refresh();
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
      }
      clearTimeout(this.timer);
      this.timer = setTimeout(look, POLL_MS);
    };
    this.timer = setTimeout(look, POLL_MS);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") look();
    });
  }

  #take(state) {
    // An answer may overtake a newer one.
    if (this.state && state.revision < this.state.revision) return;
    this.state = state;
    this.listeners.onState(state);
  }

  async #patiently(ask) {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (error.status !== 0) throw error;
        await pause(POLL_MS);
      }
    }
  }

  async #json(path, options) {
    const answer = await this.#answer(path, options);
    return answer.status === 204 ? null : answer.json();
  }

  async #answer(path, options) {
    let answer;
    try {
      answer = await fetch(path, {
        ...options,
        headers: { ...options.headers, "X-Imgsort-Token": this.token },
        cache: "no-store",
      });
    } catch {
      if (!this.lost) this.listeners.onLost();
      this.lost = true;
      throw new RequestError("imgsort does not answer.", 0);
    }
    if (this.lost) this.listeners.onFound();
    this.lost = false;
    if (answer.ok) return answer;
    const body = await answer.json().catch(() => null);
    const message = body?.error?.message ?? `The server answered ${answer.status}.`;
    if (answer.status === 401 || answer.status === 403) this.listeners.onStranger();
    throw new RequestError(message, answer.status, body);
  }
}

/** Return a promise that is kept after `ms` milliseconds. */
export function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
