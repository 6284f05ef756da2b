import type { MessageSet } from '../message.ts';

/** Sentences of `src/trust/`. */
export const trustMessages = {
  'trust-not-pinned': {
    exit: 4,
    en: {
      text: 'It is not known yet which repository to trust ({directory} holds no root).',
      hint: 'Run "satchel device init" with --trust and the root file or its SHA-256, which the operator of the repository gives out.',
    },
    es: {
      text: 'Aún no se sabe en qué repositorio confiar ({directory} no contiene una raíz).',
      hint: 'Ejecute «satchel device init» con --trust y el archivo raíz o su SHA-256, que entrega el operador del repositorio.',
    },
  },
  'trust-already-pinned': {
    exit: 4,
    en: {
      text: 'Another repository is trusted already in {directory}; nothing was changed.',
      hint: 'If this device is meant to change to another repository, forget the old one explicitly.',
    },
    es: {
      text: 'Ya se confía en otro repositorio en {directory}; no se cambió nada.',
      hint: 'Si este equipo debe pasar a otro repositorio, olvide explícitamente el anterior.',
    },
  },
  'trust-state-damaged': {
    en: {
      text: 'The file {path}, which says what to trust, is damaged.',
      hint: 'Look at the disk. Then remove the file and run "satchel device init" again with --trust.',
    },
    es: {
      text: 'El archivo {path}, que dice en qué confiar, está dañado.',
      hint: 'Revise el disco. Después borre el archivo y repita «satchel device init» con --trust.',
    },
  },
  'root-not-found': {
    exit: 4,
    en: {
      text: 'No root of {source} has the SHA-256 {sha256}; nothing was trusted.',
      hint: 'Compare the number with the one that the operator of the repository gives out, and check the address.',
    },
    es: {
      text: 'Ninguna raíz de {source} tiene el SHA-256 {sha256}; no se confió en nada.',
      hint: 'Compare el número con el que entrega el operador del repositorio y revise la dirección.',
    },
  },
  'metadata-malformed': {
    en: {
      text: '{file} from {source} is not valid metadata ({field}).',
      hint: 'Try another source. If it is your repository, run "satchel fsck" there.',
    },
    es: {
      text: '{file} de {source} no son metadatos válidos ({field}).',
      hint: 'Pruebe otra fuente. Si el repositorio es suyo, ejecute allí «satchel fsck».',
    },
  },
  'metadata-unsigned': {
    en: {
      text: '{file} from {source} carries {valid} valid signatures of the role {role}; {threshold} are needed.',
      hint: 'Do not trust this source until its operator has explained it; try another source.',
    },
    es: {
      text: '{file} de {source} lleva {valid} firmas válidas del rol {role}; se necesitan {threshold}.',
      hint: 'No confíe en esta fuente hasta que su operador lo explique; pruebe otra fuente.',
    },
  },
  'source-of-another-organisation': {
    exit: 4,
    en: {
      text: '{location} belongs to another organisation (root {theirs}; this device follows {ours}). Nothing was taken from it.',
      hint: 'Give a source or a stick of your own organisation.',
    },
    es: {
      text: '{location} es de otra organización (raíz {theirs}; este equipo sigue a {ours}). No se tomó nada de allí.',
      hint: 'Indique una fuente o una memoria USB de su organización.',
    },
  },
  'metadata-rolled-back': {
    en: {
      text: '{source} offers version {offered} in {file}, but version {held} has been seen already.',
      hint: 'The source is out of date. Use a newer one, or bring it up to date.',
    },
    es: {
      text: '{source} ofrece la versión {offered} en {file}, pero ya se vio la versión {held}.',
      hint: 'La fuente está desactualizada. Use otra más nueva o actualícela.',
    },
  },
  'metadata-wrong-version': {
    en: {
      text: '{file} from {source} says that it is version {found}; {expected} was expected.',
      hint: 'Try again in a minute, or try another source.',
    },
    es: {
      text: '{file} de {source} dice ser la versión {found}; se esperaba la {expected}.',
      hint: 'Intente de nuevo en un minuto, o pruebe otra fuente.',
    },
  },
  'metadata-hash-mismatch': {
    en: {
      text: '{file} from {source} is not the file that was signed: its length or hash differs.',
      hint: 'Try again; if it stays so, try another source.',
    },
    es: {
      text: '{file} de {source} no es el archivo firmado: difiere su tamaño o su hash.',
      hint: 'Intente de nuevo; si sigue igual, pruebe otra fuente.',
    },
  },
  'metadata-role-removed': {
    en: {
      text: '{file} from {source} no longer names the role {role}, which may not disappear.',
      hint: 'Do not trust this source until its operator has explained it; try another source.',
    },
    es: {
      text: '{file} de {source} ya no nombra el rol {role}, que no puede desaparecer.',
      hint: 'No confíe en esta fuente hasta que su operador lo explique; pruebe otra fuente.',
    },
  },
  'too-many-roots': {
    en: {
      text: '{source} has more than {limit} new roots; the first {limit} were accepted.',
      hint: 'Run the same command again to go on.',
    },
    es: {
      text: '{source} tiene más de {limit} raíces nuevas; se aceptaron las primeras {limit}.',
      hint: 'Repita la orden para continuar.',
    },
  },
  'root-expired': {
    en: {
      text: 'The root of {source} ran out on {expires} (it is {now}); nothing more is accepted from it.',
      hint: 'Check the date of this device. If it is right, the operator must publish a new root: "satchel keys renew root".',
    },
    es: {
      text: 'La raíz de {source} venció el {expires} (hoy es {now}); no se acepta nada más de ella.',
      hint: 'Revise la fecha de este equipo. Si es correcta, el operador debe publicar una raíz nueva: «satchel keys renew root».',
    },
  },
  'role-expired': {
    en: {
      text: 'What the role {role} of {source} has signed ran out on {expires} (it is {now}); nothing is installed by it.',
      hint: 'Check the date of this device. If it is right, the operator must sign again: "satchel keys renew {role}".',
    },
    es: {
      text: 'Lo firmado por el rol {role} de {source} venció el {expires} (hoy es {now}); no se instala nada con ello.',
      hint: 'Revise la fecha de este equipo. Si es correcta, el operador debe firmar de nuevo: «satchel keys renew {role}».',
    },
  },
  'metadata-expired-accepted': {
    en: {
      text: 'The {role} of {source} ran out on {expires}; it is used all the same, because nothing newer has been seen.',
      hint: 'Bring the source up to date: a newer build may exist.',
    },
    es: {
      text: 'El {role} de {source} venció el {expires}; se usa igual, porque no se ha visto nada más nuevo.',
      hint: 'Actualice la fuente: puede existir una versión más nueva.',
    },
  },
  'expiry-doubtful': {
    en: {
      text: 'The newest signature is later than {expires}, when the role {role} runs out, but here it is {now}.',
      hint: 'Check the date of this device and of the repository; if both are right, the operator must sign again.',
    },
    es: {
      text: 'La firma más nueva es posterior al {expires}, cuando vence el rol {role}, pero aquí es {now}.',
      hint: 'Revise la fecha de este equipo y la del repositorio; si son correctas, el operador debe firmar de nuevo.',
    },
  },
  'clock-behind': {
    en: {
      text: 'The clock says {clock}, but something signed on {floor} has been seen. Going by the later date.',
      hint: 'Set the clock. Updates work meanwhile.',
    },
    es: {
      text: 'El reloj dice {clock}, pero ya se vio algo firmado el {floor}. Se usa la fecha posterior.',
      hint: 'Ajuste el reloj. Las actualizaciones funcionan mientras tanto.',
    },
  },
  'repository-newer': {
    en: {
      text: '{source} was written by a newer Satchel (format {format}; this one knows up to {newest}).',
      hint: 'Upgrade satchel on this machine.',
    },
    es: {
      text: '{source} fue escrito por un Satchel más nuevo (formato {format}; este conoce hasta el {newest}).',
      hint: 'Actualice satchel en esta máquina.',
    },
  },
  'target-not-found': {
    exit: 3,
    en: {
      text: '{path} is not in the repository at {source}.',
      hint: 'See what is there with "satchel list".',
    },
    es: { text: '{path} no está en el repositorio de {source}.', hint: 'Vea lo que hay con «satchel list».' },
  },
  'target-wrong': {
    en: {
      text: '{path} from {source} is not the file that was signed: its length or hash differs.',
      hint: 'Try again; if it stays so, try another source.',
    },
    es: {
      text: '{path} de {source} no es el archivo firmado: difiere su tamaño o su hash.',
      hint: 'Intente de nuevo; si sigue igual, pruebe otra fuente.',
    },
  },
  'repository-absent': {
    exit: 3,
    en: {
      text: 'There is no repository at {location}.',
      hint: 'Check the address, or make one with "satchel init".',
    },
    es: {
      text: 'No hay un repositorio en {location}.',
      hint: 'Revise la dirección o cree uno con «satchel init».',
    },
  },
  'repository-exists': {
    en: {
      text: 'There is a repository at {location} already; nothing was changed.',
      hint: 'Publish into it, or choose another directory.',
    },
    es: {
      text: 'Ya hay un repositorio en {location}; no se cambió nada.',
      hint: 'Publique en él o elija otro directorio.',
    },
  },
  'role-unknown': {
    exit: 3,
    en: { text: 'The repository has no role {role}.', hint: 'See its roles with "satchel keys list".' },
    es: { text: 'El repositorio no tiene el rol {role}.', hint: 'Vea sus roles con «satchel keys list».' },
  },
  'key-missing': {
    exit: 4,
    en: {
      text: 'The keys of the role {role} are needed, and {directory} does not hold enough of them.',
      hint: 'Name the directory with the keys by --key-dir.',
    },
    es: {
      text: 'Se necesitan las claves del rol {role}, y {directory} no contiene suficientes.',
      hint: 'Indique el directorio de las claves con --key-dir.',
    },
  },
  'key-file-exposed': {
    en: {
      text: 'Others on this machine may read the secret key {path}.',
      hint: 'Run "chmod -R go=" on the folder of the keys; if somebody may have copied a key, replace it.',
    },
    es: {
      text: 'Otros en esta máquina pueden leer la clave secreta {path}.',
      hint: 'Ejecute «chmod -R go=» en la carpeta de las claves; si alguien pudo haber copiado una clave, reemplácela.',
    },
  },
  'key-invalid': {
    en: {
      text: '{path} is not a key of the role {role}.',
      hint: 'Restore the file from a backup, or remove it and rotate the key.',
    },
    es: {
      text: '{path} no es una clave del rol {role}.',
      hint: 'Recupere el archivo de un respaldo, o bórrelo y rote la clave.',
    },
  },
  'threshold-impossible': {
    exit: 2,
    en: {
      text: '{threshold} signatures cannot be asked of the role {role}, which would have {keys} keys.',
      hint: 'Choose a threshold from 1 to the number of keys.',
    },
    es: {
      text: 'No se pueden exigir {threshold} firmas del rol {role}, que tendría {keys} claves.',
      hint: 'Elija un umbral entre 1 y el número de claves.',
    },
  },
  'publish-contended': {
    en: {
      text: 'Others kept publishing to {location} at the same time; this publication did not get its turn.',
      hint: 'Run the same command again.',
    },
    es: {
      text: 'Otros publicaron sin pausa en {location} al mismo tiempo; esta publicación no tuvo su turno.',
      hint: 'Repita la orden.',
    },
  },
  'request-invalid': {
    exit: 2,
    en: {
      text: '{file} is not a signing request.',
      hint: 'Take the file that "satchel publish" wrote, or the signed one that came back.',
    },
    es: {
      text: '{file} no es un pedido de firma.',
      hint: 'Tome el archivo que escribió «satchel publish», o el firmado que volvió.',
    },
  },
  'request-not-ours': {
    exit: 4,
    en: {
      text: 'None of the keys in {directory} is asked for by this signing request.',
      hint: 'Sign it where the right keys are.',
    },
    es: {
      text: 'El pedido de firma no pide ninguna de las claves de {directory}.',
      hint: 'Fírmelo donde están las claves correctas.',
    },
  },
  'request-unsigned': {
    exit: 4,
    en: {
      text: 'The signing request still lacks {missing} signatures of the role {role}.',
      hint: 'Sign it with "satchel keys sign" where the keys are, then submit it again.',
    },
    es: {
      text: 'Al pedido de firma aún le faltan {missing} firmas del rol {role}.',
      hint: 'Fírmelo con «satchel keys sign» donde están las claves y envíelo de nuevo.',
    },
  },
  'request-outdated': {
    exit: 4,
    en: {
      text: 'The role {role} has been published again since this signing request was made.',
      hint: 'Run the command that made the request again and have the new one signed.',
    },
    es: {
      text: 'El rol {role} se publicó de nuevo desde que se hizo este pedido de firma.',
      hint: 'Repita la orden que creó el pedido y haga firmar el nuevo.',
    },
  },
} as const satisfies MessageSet;
