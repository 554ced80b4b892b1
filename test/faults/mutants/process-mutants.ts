import type { Mutant } from './mutant.ts';

/** Bugs in the processes: the service's own, and the gate in the consumers. */
export const processMutants: readonly Mutant[] = [
  {
    name: 'clock-by-its-later-bound',
    what: 'what may be due already is released, not what surely is',
    file: 'src/redis/server-clock.ts',
    find: 'Math.floor(this.#now() - (this.#reading?.slack ?? 0))',
    replace: 'Math.ceil(this.#now() + (this.#reading?.slack ?? 0))',
    breaks: ['never early'],
    faults: ['redis-slow'],
  },
  {
    name: 'verdict-kept-after-a-failure',
    what: 'the gate goes on with the next message of a key whose failure has recalled it',
    file: 'src/gate/reporting.ts',
    find: "if (error !== undefined && result.result !== 'wait') forgetVerdicts(lane, task);",
    replace: '',
    breaks: ['order'],
    faults: ['clock-jumped'],
  },
  {
    name: 'dead-letter-not-awaited',
    what: 'a dead letter leaves the box before Kafka has acknowledged it',
    file: 'src/redelivery/redelivery.ts',
    find: `    this.#sending++;
    const traced = this.#traced(job, record);`,
    replace: `    if (job.deadLetter !== null) {
      this.#buried.push(job);
      this.#tell();
    }
    this.#sending++;
    const traced = this.#traced(job, record);`,
    breaks: ['no loss'],
    faults: ['kafka-silent', 'service-killed'],
    together: true,
  },
  {
    name: 'alone-without-the-list',
    what: 'while it is alone the gate hands out what follows a failed record',
    file: 'src/gate/going-alone.ts',
    find: "if (!state.keys.lists(key, item.offset)) return { verdict: 'process' };",
    replace: "return { verdict: 'process' };",
    breaks: ['order'],
    faults: ['all-gone'],
  },
  {
    name: 'claim-overtaken-while-alone',
    what: 'a claim counts though more was published behind the end that it has observed',
    file: 'src/gate/going-alone.ts',
    find: 'return !this.#superseded;',
    replace: 'return true;',
    breaks: ['no loss', 'order'],
    faults: ['all-gone'],
  },
  {
    name: 'held-forgotten',
    what: 'the gate does not ask again about the records that it holds',
    file: 'src/gate/holding.ts',
    find: 'lane.tasks.push(...tasks);',
    replace: '',
    breaks: ['no loss'],
    faults: ['clock-jumped'],
  },
  {
    name: 'publish-not-awaited',
    what: 'the gate commits a record before Kafka has acknowledged its copy in the retry topic',
    file: 'src/gate/retry-publisher.ts',
    find: '      await this.#options.publish(batch);',
    replace: '      void this.#options.publish(batch).catch(() => undefined);',
    breaks: ['no loss'],
    faults: ['kafka-silent', 'consumer-killed'],
    together: true,
  },
  {
    name: 'read-given-up',
    what: 'a message that was left in Kafka is not tried again after a read of it has failed',
    file: 'src/redelivery/read-job.ts',
    find: '      onDelayed(error);',
    replace: '      void error;',
    breaks: ['no zombies', 'no loss'],
    faults: ['kafka-silent', 'kafka-cut'],
  },
  {
    name: 'rebuild-not-awaited',
    what: 'a shard answers before its rebuild has read what was there',
    file: 'src/ownership/shard.ts',
    find: 'if (rebuiltTo === null || cursor >= rebuiltTo) await this.#answer();',
    replace: 'await this.#answer();',
    breaks: ['order', 'recorded', 'attempts', 'never early', 'duplicates', 'no loss'],
    faults: ['redis-killed', 'redis-flushed'],
  },
];
