import type { CommandEntry } from './command.ts';

/** What is signed for laptops, and the keys that sign. */
export const keyCommands: Readonly<Record<string, CommandEntry>> = {
  'lease key': {
    section: 'origin',
    summary: 'help-lease-key',
    load: async () => (await import('./commands/lease-key.ts')).leaseKeyCommand,
  },
  'lease make': {
    section: 'origin',
    summary: 'help-lease-make',
    load: async () => (await import('./commands/lease-make.ts')).leaseMakeCommand,
  },
  'lease delegate': {
    section: 'origin',
    summary: 'help-lease-delegate',
    load: async () => (await import('./commands/lease-delegate.ts')).leaseDelegateCommand,
  },
  'lease verify': {
    section: 'origin',
    summary: 'help-lease-verify',
    load: async () => (await import('./commands/lease-verify.ts')).leaseVerifyCommand,
  },
  'lease find': {
    section: 'origin',
    summary: 'help-lease-find',
    load: async () => (await import('./commands/lease-find.ts')).leaseFindCommand,
  },
  'lease set': {
    section: 'any',
    summary: 'help-lease-set',
    load: async () => (await import('./commands/lease-set.ts')).leaseSetCommand,
  },
  'lease take': {
    section: 'any',
    summary: 'help-lease-take',
    load: async () => (await import('./commands/lease-take.ts')).leaseTakeCommand,
  },
  'lease renew': {
    section: 'any',
    summary: 'help-lease-renew',
    load: async () => (await import('./commands/lease-renew.ts')).leaseRenewCommand,
  },
  'lease reset-clock': {
    section: 'origin',
    summary: 'help-lease-reset-clock',
    load: async () => (await import('./commands/lease-reset-clock.ts')).leaseResetClockCommand,
  },
  'lease stolen': {
    section: 'origin',
    summary: 'help-lease-stolen',
    load: async () => (await import('./commands/lease-stolen.ts')).leaseStolenCommand,
  },
  'lease recovered': {
    section: 'origin',
    summary: 'help-lease-recovered',
    load: async () => (await import('./commands/lease-stolen.ts')).leaseRecoveredCommand,
  },
  'lease marks': {
    section: 'origin',
    summary: 'help-lease-marks',
    load: async () => (await import('./commands/lease-marks.ts')).leaseMarksCommand,
  },
  'keys list': {
    section: 'origin',
    summary: 'help-keys-list',
    load: async () => (await import('./commands/keys-list.ts')).keysListCommand,
  },
  'keys create': {
    section: 'origin',
    summary: 'help-keys-create',
    load: async () => (await import('./commands/keys-create.ts')).keysCreateCommand,
  },
  'keys rotate': {
    section: 'origin',
    summary: 'help-keys-rotate',
    load: async () => (await import('./commands/keys-rotate.ts')).keysRotateCommand,
  },
  'keys sign': {
    section: 'origin',
    summary: 'help-keys-sign',
    load: async () => (await import('./commands/keys-sign.ts')).keysSignCommand,
  },
  'keys renew': {
    section: 'origin',
    summary: 'help-keys-renew',
    load: async () => (await import('./commands/keys-renew.ts')).keysRenewCommand,
  },
  'keys submit': {
    section: 'origin',
    summary: 'help-keys-submit',
    load: async () => (await import('./commands/keys-submit.ts')).keysSubmitCommand,
  },
};
