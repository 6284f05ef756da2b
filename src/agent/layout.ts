import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DeviceLayout, requireInsideRoot } from '../device/layout.ts';
import { withSystemErrors } from '../os/system-error.ts';

/** Where the agent of a device keeps what it knows, below `versions/updates/satchel/agent/`, and what it reads and tells. */
export type AgentLayout = {
  readonly directory: string;
  /** What an operator has set. */
  readonly settings: string;
  /** What it remembers between two runs. */
  readonly state: string;
  readonly lock: string;
  /** `key01` lines of keys that may sign leases, set by an operator. */
  readonly leaseKeys: string;
  /** `key01` lines of keys that may sign the answers of theft-deterrence servers. */
  readonly oatsKeys: string;
  /** The lease as firmware and initramfs read it. */
  readonly lease: string;
  /** The lease while the device counts as stolen. */
  readonly leaseAside: string;
  /** `key01` lines that an image or a person put on the device. */
  readonly securityKeys: string;
  /** While it is there, the agent is quiet. */
  readonly inhibit: string;
  /** Sentences for the person at the device; absent when there is nothing to say. */
  readonly notice: string;
};

/** The paths of the agent. Touches nothing. */
export function agentLayout({ root, own, security }: DeviceLayout): AgentLayout {
  const directory = join(own, 'agent');
  return {
    directory,
    settings: join(directory, 'settings.json'),
    state: join(directory, 'state.json'),
    lock: join(directory, 'lock'),
    leaseKeys: join(directory, 'lease-keys'),
    oatsKeys: join(directory, 'oats-keys'),
    lease: join(security, 'lease.sig'),
    leaseAside: join(security, 'lease.sig.aside'),
    securityKeys: join(security, 'lease.public'),
    inhibit: join(root, 'run/satchel/inhibit'),
    notice: join(root, 'run/satchel/notice'),
  };
}

/** Refuses a device where what the agent writes would lie outside of its root. Throws `device-folder-outside`. */
export function requireAgentInside(layout: DeviceLayout): void {
  const { directory, notice } = agentLayout(layout);
  const folder = dirname(notice);
  requireInsideRoot(layout, [directory, folder, dirname(folder)]);
}

/** Makes the folder of the agent. */
export function makeAgentFolder({ directory }: AgentLayout): void {
  withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o755 }));
}
