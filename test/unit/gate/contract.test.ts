import { describe, expect, it } from '@jest/globals';
import { readClaim, readRenewals, readResults, readVerdicts } from '../../../src/gate/contract.ts';

describe('what is not the contract is not understood', () => {
  it.each([
    [{ verdicts: [{ verdict: 'process' }] }, true],
    [
      {
        verdicts: [
          { verdict: 'redirect', headers: { a: 'b' } },
          { verdict: 'skip' },
          { verdict: 'wait', retryAfterMs: 1 },
        ],
      },
      true,
    ],
    [{ verdicts: [{ verdict: 'hold' }] }, true],
    [{ verdicts: [{ verdict: 'perhaps' }] }, false],
    [{ verdicts: [{ verdict: 'process' }, {}] }, false],
    [{ verdicts: [{ verdict: 'redirect' }] }, false],
    [{ verdicts: [{ verdict: 'redirect', headers: { a: 1 } }] }, false],
    [{}, false],
    [null, false],
  ])('verdicts %j: %p', (body, understood) => {
    expect(readVerdicts(body) !== undefined).toBe(understood);
  });

  it.each([
    [
      {
        results: [
          { result: 'done', unlocked: true },
          { result: 'recorded', attempt: 1, nextAttemptAt: 2 },
        ],
      },
      true,
    ],
    [
      {
        results: [
          { result: 'redirect', headers: {} },
          { result: 'stale' },
          { result: 'wait' },
          { result: 'deadLettered' },
        ],
      },
      true,
    ],
    [{ results: [{ result: 'block' }] }, true],
    [{ results: [{ result: 'process' }] }, false],
    [{ results: [{ result: 'redirect', headers: [] }] }, false],
    [{ results: 'done' }, false],
  ])('results %j: %p', (body, understood) => {
    expect(readResults(body) !== undefined).toBe(understood);
  });

  it.each([
    [{ claims: [{ partition: 1, status: 'held', seen: 4 }] }, true],
    [{ claims: [{ partition: 1, status: 'lost' }] }, false],
    [{ claims: [{ partition: 1, status: 'held', lockedKeys: ['k'] }] }, false],
    [{ claims: [{ status: 'held' }] }, false],
  ])('renewals %j: %p', (body, understood) => {
    expect(readRenewals(body) !== undefined).toBe(understood);
  });

  it.each([
    [{}, undefined],
    [{ claimEpoch: 1, incarnation: 'a', lockedKeys: [] }, undefined],
    [{ claimEpoch: '1', incarnation: 'a', lockedKeys: [1] }, undefined],
    [
      { claimEpoch: '1', incarnation: 'a', lockedKeys: [] },
      { complete: false, nullKeyUpTo: -1 },
    ],
    [
      { claimEpoch: '1', incarnation: 'a', lockedKeys: [{ key: 'k' }], complete: true, nullKeyUpTo: '7' },
      { complete: true, nullKeyUpTo: 7 },
    ],
  ])('claim %j', (body, expected) => {
    if (expected === undefined) expect(readClaim(body)).toBeUndefined();
    else expect(readClaim(body)).toMatchObject(expected);
  });
});
