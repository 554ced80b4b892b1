/** How many slots a Redis Cluster shares out among its primaries. */
export const SLOTS = 16_384;

/** The slot of a key: CRC-16/XMODEM of what is in its first braces, or of all of it. */
export function hashSlot(key: string): number {
  const begin = key.indexOf('{');
  const end = begin < 0 ? -1 : key.indexOf('}', begin + 1);
  const hashed = end > begin + 1 ? key.slice(begin + 1, end) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc % SLOTS;
}
