const slots = 16_384

/** The slot of a Redis Cluster to which a hash tag belongs: CRC-16 (XMODEM) of its bytes. */
export const hashSlot = (tag: string): number => {
  let crc = 0
  for (const byte of new TextEncoder().encode(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % slots
}
