/** Records of one laptop, signed with throw-away keys by the programs that signed for the laptops. */
import * as signed from '../formats/signature-line.testkit.ts';

export { masterKeyHex } from '../formats/signature-line.testkit.ts';

export const serverKeyHex = [
  '3082010a0282010100aaa530266d6c3edaba75af938be6d30ce145e17c9378fc4a5d99ad08b24d07cbb47ca6215f1d0c',
  '760f8ee6d5086ea577e5d0edcf5276cf07ba1384a6047a5d7bdb48c69183ddc10891f43151f2c509c9eaea08220e73c1',
  'f0889ec542beb307fe72864740dcbc65f74c3cda65e3d5d65de114c40e9482b0f336f253c2b098fdea224177c84b1bad',
  '1e87d04124bc089d6c477cdf0cdfa412fbaa4dae6275ef9d939bba94d66605cf4972373c8837cea1489aa00493cdb43d',
  '5855d180c8c43896d5b86b69a89ab8506493d5f26857337c7c4bfc1173d47b301edd174461657369244ad15b11ef1425',
  'd257493f1fc9c7468a5fbc230d16a68441896e7d38a22888b50203010001',
].join('');

const untilTheEnd = '20991231T235959Z';
const permission = `act01: SHC00000001 K ${untilTheEnd}`;
const reset = 'rtc01: SHC00000001 20110512T003512Z 0000000135 20110412T003512Z';
/** A signature by the master key that holds for one laptop until the end; its 512 digits follow. */
const bound = `sig02: sha256 ${signed.masterKeyHex.slice(-64)} ${untilTheEnd}`;

export const leaseDirect = `${permission} ${signed.lease}`;

const boundSignature = [
  '7f012c654b611d14f081aa37ce49ae303ad74a07b639e1bb089d8d00c66f7c36bbe3b2865a7604df7b323353de547583',
  'afe116a34876e232899120dd7c0172364b226e9d4020a2fe57bf7519f5069116eafc92ef4283d67a5cb9c5556f65590a',
  '68150f31fc244221cfc5eed4276844045e331d7fca091d4397c0060140cf51a548e334fd167f396dae70b60e6df2b9f3',
  '80055a5609cc7d45931a11c61aea6d132712a484b96ae2d56bcc7c08b2397679ef09b45c0a6a2aaefc505fab8cc3c9a4',
  'a7a2ce304704b18b91a0a6257ef818a621976cdb9c01ae65f2e09066811b6f47ed5e0e35ec08dddddc945a44b0625d01',
  '6c4260ccd33722f79741070e0011e2c3',
].join('');

export const leaseBound = `${permission} ${bound} ${boundSignature}`;

const delegationSignature = [
  '5c96a52bba12c0512523c9d66be8f8c860928d38ed270d5ff9f93c2365717e652963615f55fa3c103e20e906ad2138b5',
  '12243a35f56213faaa0d1a3c56329e55e38284857f8d58ad97a4acc6467680a142458790d9117bb3f91f403846116340',
  '47f133f93a9921ee392d882c763240426698932e9163a340fbf174f835ac608c25a803890ada665a1fdb37d727e3ecb4',
  '6198e5611bfb706167d051a0105ddb411dc0e9dbb142d21a395591db4e73a7306beaacd7a63040753c48f4bd5f740ffc',
  '852f09ee216a4b51ea1ff404a7ad3c99283e312a5d10f37d1ae0be3685f0d30fe331c270f79c92036a7371991ca6c148',
  '0763f9f7c580f93600b41daf2a814fe3',
].join('');

export const delegation = `${bound} ${delegationSignature}`;

const serverLeaseSignature = [
  '7c539aa3700ad725878ccfc7c99e34acd7a6458ed4b51fa3a4d4e90b8f0208b327cd4e51cc03bfe83f7edb39fdac3729',
  'a9aa8c2547cc4790abd6fdccf4eebeb899e5cfebe7a1617a3660b4433a9930f7c6714cd6c55cb5391d42f1df283c9665',
  '8e5a50d39fe619d29618cd29d2622929a64db4e8e04a40832d0e127473d63a2243af77a5b98cfa060889aa83a431eea8',
  'bc156fb7ff137c3ea81d9838cb25c60863a198d9dc02a84f06a578db527bb4fbfcc0ad43289d10f5a069c372c100a117',
  '1c62d343d725bf8e19f8ae3511b690b055e77f074790199c07f66cd93bcea40aaee9c72256ecc2952d55b18b0823893b',
  'af3d0e06bf4295072b82a6d5f7235081',
].join('');

export const leaseThrough = [
  permission,
  delegation,
  `sha256 ${serverKeyHex}`,
  untilTheEnd,
  serverLeaseSignature,
].join(' ');

export const developerKey = `dev01: SHC00000001 A 00000000T000000Z ${signed.developerKey}`;

export const clockReset = `${reset} ${signed.clockReset}`;

const serverResetSignature = [
  '69c362ac442588a7de2a3547b6c6008bca3338813288516eba0a6e3e1177ec221a115e7396d9598e2b050b78b549cf3c',
  '515511da5bdf331176e00fb03a3a19e0a7bec7c5b0a201ab43ce843831391635d5f8798e3c3e7d6f0e91c08ba7d71c30',
  'a82b078592023959e801a9b664268cb67fe8c6d8edd9e4e0367c657ca78dec204ce04880a02a621f94ad759a7d0d85a1',
  'cdac024c8d323c35d758908a88745b8a54c3b6ea9d93aaab70c6c3599490ff3fa562936dd69b86fc3b28876be3b2785b',
  'be59d73819f515553d1abfe08dfec8ec4fc098c66313878e2928c143478295701744bc6868c16ed5b77b159f81c13e57',
  '0ffaf9fbd1fefa73f13e9148641efd36',
].join('');

export const clockResetThrough = [
  reset,
  delegation,
  `sha256 ${serverKeyHex}`,
  '00000000T000000Z',
  serverResetSignature,
].join(' ');
