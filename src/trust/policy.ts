import { defaultLimits, type MetadataLimits, refreshedRoles } from './roles.ts';

/** How a client treats a repository: ours, or any other TUF repository by the letter of the specification. */
export type TrustPolicy = {
  /** Roles under targets that every refresh brings and that every snapshot must name. */
  readonly delegatedRoles: readonly string[];
  /** Roles that every refresh brings too where the repository has them. */
  readonly optionalRoles: readonly string[];
  /** True: expired timestamp or snapshot stop a refresh too, as the specification says. */
  readonly strictExpiry: boolean;
  /** True: independent files are asked for at the same time. */
  readonly parallel: boolean;
  /** True: a role that targets once delegated to stays. */
  readonly keepRoles: boolean;
  readonly limits: MetadataLimits;
  /** Most new roots that one refresh follows. */
  readonly mostRoots: number;
};

/** For repositories of Satchel; the expiry rules are those of docs/adr/0001-expiry-offline.md. */
export const satchelPolicy: TrustPolicy = {
  delegatedRoles: refreshedRoles,
  optionalRoles: [],
  strictExpiry: false,
  parallel: true,
  keepRoles: true,
  limits: defaultLimits,
  mostRoots: 1024,
};

/** For places that hand metadata on to others, which may want what a place itself does not. */
export const placePolicy: TrustPolicy = { ...satchelPolicy, optionalRoles: ['activities'] };

/** For any TUF repository, exactly as the specification has it. */
export const plainPolicy: TrustPolicy = {
  ...satchelPolicy,
  delegatedRoles: [],
  strictExpiry: true,
  parallel: false,
  keepRoles: false,
};
