/** Runs the tasks of one key one after the other, in the order they came. */
export interface Mutex {
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
}

export function createMutex(): Mutex {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run: (key, task) => {
      const before = tails.get(key) ?? Promise.resolve();
      const result = before.then(task, task);
      const tail = result.catch(() => undefined);
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      return result;
    },
  };
}
