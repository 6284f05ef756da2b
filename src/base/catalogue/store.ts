import type { MessageSet } from '../message.ts';

/** Sentences of `src/store/`. */
export const storeMessages = {
  'store-not-found': {
    exit: 1,
    en: {
      text: '{location} has no file {name}.',
      hint: 'Check the address; if it is right, the file was removed there, or the copy is not complete.',
    },
    es: {
      text: '{location} no tiene el archivo {name}.',
      hint: 'Revise la dirección; si es correcta, el archivo fue borrado allí o la copia no está completa.',
    },
  },
  'source-has-not-yet': {
    exit: 1,
    en: {
      text: '{location} cannot give {name} now: {said}',
      hint: 'Run the same command again after {retryAfter} seconds, or give another source or a stick with --source.',
    },
    es: {
      text: '{location} no puede dar {name} por ahora: {said}',
      hint: 'Repita la orden después de {retryAfter} segundos, o indique otra fuente o una memoria USB con --source.',
    },
  },
  'source-has-not': {
    exit: 1,
    en: {
      text: '{location} does not have {name}: {said}',
      hint: 'Waiting does not help: give another source or a stick with --source, or tell the keeper of this source.',
    },
    es: {
      text: '{location} no tiene {name}: {said}',
      hint: 'Esperar no ayuda: indique otra fuente o una memoria USB con --source, o avise al encargado de esta fuente.',
    },
  },
  'store-unreachable': {
    exit: 1,
    en: {
      text: '{location} could not be reached for {name}: {reason}.',
      hint: 'Check the network and that the server runs. The program goes on where it stopped when the same command is run again, from this source or another.',
    },
    es: {
      text: 'No se pudo alcanzar {location} para {name}: {reason}.',
      hint: 'Revise la red y que el servidor funcione. Al repetir la misma orden, el programa sigue donde quedó, desde esta fuente u otra.',
    },
  },
  'store-refused': {
    exit: 1,
    en: {
      text: '{location} refused {name} with status {status}.',
      hint: 'Check the address and what its server allows.',
    },
    es: {
      text: '{location} rechazó {name} con el estado {status}.',
      hint: 'Revise la dirección y lo que permite su servidor.',
    },
  },
  'store-certificate': {
    exit: 1,
    en: {
      text: 'The certificate of {location} is not accepted: {reason}.',
      hint: 'Check the clock of this machine and the certificate of the server.',
    },
    es: {
      text: 'El certificado de {location} no se acepta: {reason}.',
      hint: 'Revise el reloj de este equipo y el certificado del servidor.',
    },
  },
  'store-stalled': {
    exit: 1,
    en: {
      text: '{location} sent nothing for {seconds} s while {name} was read.',
      hint: 'The program goes on where it stopped when the same command is run again, from this source or another.',
    },
    es: {
      text: '{location} no envió nada durante {seconds} s al leer {name}.',
      hint: 'Al repetir la misma orden, el programa sigue donde quedó, desde esta fuente u otra.',
    },
  },
  'store-too-short': {
    exit: 1,
    en: {
      text: '{location} ended {name} after {received} of {expected} bytes.',
      hint: 'The program goes on where it stopped when the same command is run again, from this source or another.',
    },
    es: {
      text: '{location} terminó {name} tras {received} de {expected} bytes.',
      hint: 'Al repetir la misma orden, el programa sigue donde quedó, desde esta fuente u otra.',
    },
  },
  'store-too-long': {
    exit: 1,
    en: {
      text: '{location} offers more of {name} than the {limit} bytes allowed.',
      hint: 'Nothing of it was used. If it happens again, use another source and tell the keeper of this one.',
    },
    es: {
      text: '{location} ofrece más de {name} que los {limit} bytes permitidos.',
      hint: 'Nada de ello se usó. Si se repite, use otra fuente y avise al encargado de esta.',
    },
  },
  'store-range': {
    exit: 1,
    en: {
      text: 'Bytes {offset} to {end} of {name} were asked for, but in {location} it has {size}.',
      hint: 'The copy there is damaged or of another repository: use another source, or repair it with "satchel fsck".',
    },
    es: {
      text: 'Se pidieron los bytes {offset} a {end} de {name}, pero en {location} tiene {size}.',
      hint: 'La copia está dañada o es de otro repositorio: use otra fuente, o repárela con «satchel fsck».',
    },
  },
  'store-no-ranges': {
    exit: 1,
    en: {
      text: '{location} cannot send a part of {name}: its server ignores range requests.',
      hint: 'Use a server that answers range requests, as nginx and "satchel serve" do.',
    },
    es: {
      text: '{location} no puede enviar una parte de {name}: su servidor ignora los pedidos de rangos.',
      hint: 'Use un servidor que atienda rangos, como nginx y «satchel serve».',
    },
  },
  'store-wrong-answer': {
    exit: 1,
    en: {
      text: '{location} gave an answer for {name} that makes no sense: {answer}.',
      hint: 'Something between here and there changes the answers (a proxy, a login page), or it is not a repository. Check the address.',
    },
    es: {
      text: '{location} dio una respuesta sin sentido para {name}: {answer}.',
      hint: 'Algo en el camino cambia las respuestas (un proxy, una página de ingreso), o no es un repositorio. Revise la dirección.',
    },
  },
  'store-changed': {
    exit: 1,
    en: {
      text: '{name} in {location} changed from {before} to {after} bytes while it was read.',
      hint: 'Run the same command again; if it happens again, the repository there is being overwritten.',
    },
    es: {
      text: '{name} en {location} cambió de {before} a {after} bytes durante la lectura.',
      hint: 'Repita la orden; si vuelve a pasar, alguien está sobrescribiendo ese repositorio.',
    },
  },
  'store-name-not-allowed': {
    exit: 1,
    en: {
      text: 'The file name "{name}" is not allowed in a repository.',
      hint: 'Names are folders and files of letters, digits, ".", "_", "+" and "-" that do not start with a dot. What holds this name is damaged or hostile.',
    },
    es: {
      text: 'El nombre de archivo «{name}» no está permitido en un repositorio.',
      hint: 'Los nombres son carpetas y archivos de letras, dígitos, «.», «_», «+» y «-» que no empiezan con punto. Lo que contiene este nombre está dañado o es hostil.',
    },
  },
  'store-address-not-usable': {
    exit: 2,
    en: {
      text: 'The address "{address}" cannot be used as a source.',
      hint: 'Give http://HOST/PATH, https://HOST/PATH, file:///PATH, or a path.',
    },
    es: {
      text: 'La dirección «{address}» no sirve como fuente.',
      hint: 'Indique http://HOST/RUTA, https://HOST/RUTA, file:///RUTA, o una ruta.',
    },
  },
  'store-busy': {
    exit: 1,
    en: {
      text: 'Another program has been publishing to {location} for more than {seconds} s.',
      hint: 'Wait until it is done, then run the same command again.',
    },
    es: {
      text: 'Otro programa publica en {location} desde hace más de {seconds} s.',
      hint: 'Espere a que termine y repita la orden.',
    },
  },
} as const satisfies MessageSet;
