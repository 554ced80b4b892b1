/**
 * An entry's position in its unit. Its own origin: 8 bytes, the origin offset. A foreign origin: 16 bytes, the offset of
 * the last entry that was there when it came, then its own retry offset + 1.
 */
export type Place = Buffer;

export function ownPlace(originOffset: number): Place {
  const place = Buffer.alloc(8);
  place.writeUIntBE(originOffset, 2, 6);
  return place;
}

/** Where the first retry record of a foreign origin was. */
export function firstRetryOffsetOf(place: Place): number {
  return place.readUIntBE(10, 6) - 1;
}

/** The origin offset that a place stands for, or null where the origin is foreign. */
export function originOffsetOf(place: Place): number | null {
  return place.length === 8 ? place.readUIntBE(2, 6) : null;
}
