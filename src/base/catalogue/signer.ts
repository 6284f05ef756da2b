import type { MessageSet } from '../message.ts';

/** Sentences about keys that lie in tokens or behind commands (`src/lease/signer*.ts`). */
export const signerMessages = {
  'signer-reference-invalid': {
    exit: 2,
    en: {
      text: 'The name of the key makes no sense at "{part}".',
      hint: 'Write a file, pkcs11:token=NAME;object=KEY?module-path=FILE, or command:PROGRAM ARGUMENTS.',
    },
    es: {
      text: 'El nombre de la clave no tiene sentido en «{part}».',
      hint: 'Escriba un archivo, pkcs11:token=NOMBRE;object=CLAVE?module-path=ARCHIVO o command:PROGRAMA ARGUMENTOS.',
    },
  },
  'signer-pin-in-reference': {
    exit: 2,
    en: {
      text: 'The PIN of a token may not stand in the name of its key: everybody on this machine can read it there.',
      hint: 'Write it into a file and name that with --passphrase-file, or set SATCHEL_PIN. If the machine is shared, change the PIN.',
    },
    es: {
      text: 'El PIN de un token no puede estar en el nombre de su clave: ahí lo puede leer cualquiera en esta máquina.',
      hint: 'Escríbalo en un archivo e indíquelo con --passphrase-file, o defina SATCHEL_PIN. Si la máquina es compartida, cambie el PIN.',
    },
  },
  'signer-module-needed': {
    exit: 2,
    en: {
      text: 'It is not known which library speaks to the token.',
      hint: 'Add ?module-path=FILE to the name of the key, or set SATCHEL_PKCS11_MODULE. The maker of the token says which file it is.',
    },
    es: {
      text: 'No se sabe qué biblioteca habla con el token.',
      hint: 'Agregue ?module-path=ARCHIVO al nombre de la clave o defina SATCHEL_PKCS11_MODULE. El fabricante del token dice qué archivo es.',
    },
  },
  'signer-module-unusable': {
    exit: 1,
    en: {
      text: '{path} is no library that speaks to tokens: {why}',
      hint: 'Look whether the package of the token is installed, for this kind of processor.',
    },
    es: {
      text: '{path} no es una biblioteca que hable con tokens: {why}',
      hint: 'Vea si el paquete del token está instalado, para este tipo de procesador.',
    },
  },
  'signer-token-missing': {
    exit: 3,
    en: {
      text: 'No token is there that fits {signer}.',
      hint: 'Plug it in, and compare its name with what "pkcs11-tool --module FILE --list-token-slots" shows.',
    },
    es: {
      text: 'No hay ningún token que corresponda a {signer}.',
      hint: 'Conéctelo y compare su nombre con lo que muestra «pkcs11-tool --module ARCHIVO --list-token-slots».',
    },
  },
  'signer-token-unclear': {
    exit: 2,
    en: {
      text: '{count} tokens fit {signer}.',
      hint: 'Say which one with token=NAME or serial=NUMBER in the name of the key.',
    },
    es: {
      text: '{count} tokens corresponden a {signer}.',
      hint: 'Diga cuál con token=NOMBRE o serial=NÚMERO en el nombre de la clave.',
    },
  },
  'signer-key-missing': {
    exit: 3,
    en: {
      text: 'The token has no RSA key {signer}, or shows it only with another PIN.',
      hint: 'Compare with what "pkcs11-tool --module FILE --login --list-objects" shows.',
    },
    es: {
      text: 'El token no tiene ninguna clave RSA {signer}, o solo la muestra con otro PIN.',
      hint: 'Compare con lo que muestra «pkcs11-tool --module ARCHIVO --login --list-objects».',
    },
  },
  'signer-key-unclear': {
    exit: 2,
    en: {
      text: 'More than one key of the token fits {signer}.',
      hint: 'Say which one with object=NAME or id=%01 in the name of the key.',
    },
    es: {
      text: 'Más de una clave del token corresponde a {signer}.',
      hint: 'Diga cuál con object=NOMBRE o id=%01 en el nombre de la clave.',
    },
  },
  'signer-key-unfit': {
    exit: 1,
    en: {
      text: '{signer} has no RSA key of 2048 bits that laptops know.',
      hint: 'Make one with 2048 bits and the exponent 65537.',
    },
    es: {
      text: '{signer} no tiene una clave RSA de 2048 bits que los equipos conozcan.',
      hint: 'Cree una de 2048 bits con el exponente 65537.',
    },
  },
  'signer-pin-needed': {
    exit: 2,
    en: {
      text: 'The token {token} wants a PIN.',
      hint: 'Write it into a file and name that with --passphrase-file, or set SATCHEL_PIN.',
    },
    es: {
      text: 'El token {token} pide un PIN.',
      hint: 'Escríbalo en un archivo e indíquelo con --passphrase-file, o defina SATCHEL_PIN.',
    },
  },
  'signer-pin-wrong': {
    exit: 1,
    en: {
      text: 'The token {token} refuses the PIN.',
      hint: 'Correct it before you try again: after a few wrong ones the token locks itself.',
    },
    es: {
      text: 'El token {token} rechaza el PIN.',
      hint: 'Corríjalo antes de volver a probar: tras unos pocos errores el token se bloquea.',
    },
  },
  'signer-pin-locked': {
    exit: 1,
    en: {
      text: 'The token {token} has locked itself after too many wrong PINs.',
      hint: 'Unlock it with its own tool and the PIN of its security officer.',
    },
    es: {
      text: 'El token {token} se bloqueó tras demasiados PIN erróneos.',
      hint: 'Desbloquéelo con su propia herramienta y el PIN de su oficial de seguridad.',
    },
  },
  'signer-program-missing': {
    exit: 3,
    en: {
      text: 'There is no program "{program}" to sign with.',
      hint: 'Install it, or write its whole path.',
    },
    es: {
      text: 'No existe ningún programa «{program}» con el que firmar.',
      hint: 'Instálelo o escriba su ruta completa.',
    },
  },
  'signer-failed': {
    exit: 1,
    en: {
      text: 'Signing failed in {what}: {why}',
      hint: 'Nothing was signed. Look whether the token or the program works by itself, then try again.',
    },
    es: {
      text: 'La firma falló en {what}: {why}',
      hint: 'No se firmó nada. Vea si el token o el programa funciona por sí solo, y pruebe otra vez.',
    },
  },
  'signer-signature-wrong': {
    exit: 1,
    en: {
      text: 'What {signer} gave is no signature by its key.',
      hint: 'It must be RSASSA-PSS with SHA-256 and a salt of 8 bytes over the whole message. Nothing was signed.',
    },
    es: {
      text: 'Lo que dio {signer} no es una firma de su clave.',
      hint: 'Debe ser RSASSA-PSS con SHA-256 y una sal de 8 bytes sobre el mensaje entero. No se firmó nada.',
    },
  },
} as const satisfies MessageSet;
