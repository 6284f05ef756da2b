/** The tables about rollouts. Times are milliseconds since 1970. */
export type RolloutTables = {
  rollouts: RolloutRow;
  rollout_plans: RolloutPlanRow;
  rollout_devices: RolloutDeviceRow;
  rollout_days: RolloutDayRow;
};

/** The rollout of each stream that was last counted. */
export type RolloutRow = {
  stream: string;
  salt: string;
  build: string;
  /** Number of the last report that was counted. */
  position: number;
  /** 1 while the stream was halted when it was last looked at. */
  halted: number;
};

/** What operators said about rollouts; written before a rollout begins, and it may begin when somebody has signed. */
export type RolloutPlanRow = {
  salt: string;
  stream: string;
  /** JSON. */
  plan: string;
  made: number;
};

/** Devices that took the build of a rollout, or tried to. */
export type RolloutDeviceRow = {
  stream: string;
  device: string;
  site: string | null;
  sequence: number;
  heard: number;
  /** When; null: it did not. */
  took: number | null;
  well: number;
  harm: string | null;
  /** 1: an operator went on in spite of it. */
  excused: number;
};

/** Days (`2026-01-31`, UTC) on which devices of a site or the site itself were heard. */
export type RolloutDayRow = {
  stream: string;
  /** Empty: devices that talk to this place itself. */
  site: string;
  day: string;
  devices: number;
  self: number;
};
