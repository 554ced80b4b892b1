import { expect, test } from '@jest/globals';
import { unitFields } from '../../../src/domain/key-fields.ts';
import { foreignUnit, keyUnit, originUnit } from '../../../src/domain/unit.ts';

test('what is locked is named by its key, or by the offset that it is known by', () => {
  expect(unitFields(keyUnit(Buffer.from('grün')))).toEqual({ key: 'grün' });
  expect(unitFields(keyUnit(Buffer.from([0xff])))).toEqual({ keyBase64: '/w==' });
  expect(unitFields(originUnit(4))).toEqual({ origin: 4 });
  expect(unitFields(foreignUnit(5))).toEqual({ retryOffset: 5 });
});
