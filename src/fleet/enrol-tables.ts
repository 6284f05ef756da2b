/** Tables about devices that ask for themselves. Times are milliseconds since 1970 by the clock of this place. */
export type EnrolTables = {
  enrol_tokens: EnrolTokenRow;
  device_keys: DeviceKeyRow;
  device_nonces: DeviceNonceRow;
};

export type EnrolTokenRow = {
  id: string;
  token_hash: string;
  note: string | null;
  created: number;
  expires: number;
  uses: number;
  used: number;
  revoked: number | null;
};

export type DeviceKeyRow = {
  key_id: string;
  key: string;
  serial: string | null;
  model: string | null;
  device: string;
  /** The token by which it enrolled; null at a site. */
  token: string | null;
  enrolled: number;
  /** When the place above last said that the key is good; at the origin, when it enrolled. */
  checked: number;
  last_seen: number | null;
  revoked: number | null;
  /** The newest time (seconds) that it signed and that was taken. */
  last_created: number;
  /** The nonce that it was asked to sign over. */
  challenge: string | null;
};

/** Nonces that a device has used in the last minutes before its `last_created`. */
export type DeviceNonceRow = { key_id: string; nonce: string; created: number };
