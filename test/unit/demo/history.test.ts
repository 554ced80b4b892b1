import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HistoryFollower, HistoryWriter } from '../../../dev/demo/history.ts';
import { Progress } from '../../../dev/demo/progress.ts';

const entry = { key: 'x', seq: 1, partition: 2, offset: 3, attempt: 1, redelivered: false };

describe('a history', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'history-'));
    file = join(directory, 'a.jsonl');
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('can be followed while it is written, from before it is there', () => {
    const follower = new HistoryFollower(file);
    expect(follower.more()).toEqual([]);
    const writer = new HistoryWriter(file, 'a');
    const call = writer.begun(entry);
    expect(follower.more()).toMatchObject([{ type: 'begun', consumer: 'a', call, ...entry }]);
    writer.ended(call, 'succeeded');
    writer.recorded(2, 3);
    expect(follower.more()).toMatchObject([
      { type: 'ended', call, result: 'succeeded' },
      { type: 'recorded', partition: 2, offset: 3 },
    ]);
    expect(follower.more()).toEqual([]);
    follower.close();
    writer.close();
  });

  it('keeps a line that is not complete for later', () => {
    const follower = new HistoryFollower(file);
    appendFileSync(file, '{"type":"assigned","partitions":');
    expect(follower.more()).toEqual([]);
    appendFileSync(file, '[1]}\n{"type":');
    expect(follower.more()).toEqual([{ type: 'assigned', partitions: [1] }]);
    follower.close();
  });

  it('tells how many messages have succeeded, each once', () => {
    const follower = new HistoryFollower(file);
    const writer = new HistoryWriter(file, 'a');
    const progress = new Progress();
    writer.ended(writer.begun(entry), 'failed');
    for (let times = 0; times < 2; times += 1) {
      writer.ended(writer.begun({ ...entry, attempt: 2, redelivered: true }), 'succeeded');
    }
    writer.begun({ ...entry, offset: 4 });
    progress.add(follower.more());
    expect(progress).toMatchObject({ succeeded: 1, retried: 2 });
    follower.close();
    writer.close();
  });
});
