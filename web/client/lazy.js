// Something of this library that is loaded when it is needed first.

export class Lazy {
  #load;
  #loading;
  /** It, once it is there. */
  made = null;

  constructor(load) {
    this.#load = load;
  }

  /** What `work` returns for it, in the order of asking. */
  async use(work) {
    this.#loading ??= this.#load().catch((error) => {
      this.#loading = undefined; // the next time, perhaps
      throw error;
    });
    this.made = await this.#loading;
    return work(this.made);
  }
}
