// One statement for what several fields of the same rows ask in one turn, such as the three counts of a post.

/** Made for each request. `load(ids)` gives rows in the order of the ids. */
export class Batch {
  #load;
  #open = null;

  constructor(load) {
    this.#load = load;
  }

  /** A promise of the rows of at least these ids, by id. */
  of(ids) {
    this.#open ??= this.#start();
    for (const id of ids) {
      this.#open.ids.add(id);
    }
    return this.#open.rows;
  }

  #start() {
    const ids = new Set();
    const rows = new Promise((resolve, reject) => {
      process.nextTick(() => {
        this.#open = null;
        const given = [...ids];
        this.#load(given).then((found) => resolve(new Map(given.map((id, place) => [id, found[place]]))), reject);
      });
    });
    return { ids, rows };
  }
}
