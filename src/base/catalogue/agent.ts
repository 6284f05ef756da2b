import type { MessageSet } from '../message.ts';

/** Sentences of `src/agent/`. */
export const agentMessages = {
  'agent-running': {
    exit: 1,
    en: {
      text: 'Another agent is at work on this device (process {process}).',
      hint: 'Nothing needs to be done; it does the same. "systemctl stop satchel-agent" ends the one of the system.',
    },
    es: {
      text: 'Otro agente trabaja en este equipo (proceso {process}).',
      hint: 'No hay que hacer nada; hace lo mismo. «systemctl stop satchel-agent» termina el del sistema.',
    },
  },
  'agent-no-server': {
    exit: 1,
    en: {
      text: 'There is no theft-deterrence server to ask.',
      hint: 'Name one with "satchel agent set --server HOST".',
    },
    es: {
      text: 'No hay ningún servidor antirrobo al que preguntar.',
      hint: 'Indique uno con «satchel agent set --server HOST».',
    },
  },
  'agent-server-refused': {
    exit: 1,
    en: {
      text: '{server} does not answer laptops (HTTP {status}).',
      hint: 'Ask its operator to look at "satchel oats status"; the device asks again by itself.',
    },
    es: {
      text: '{server} no responde a los equipos (HTTP {status}).',
      hint: 'Pida a su operador que vea «satchel oats status»; el equipo vuelve a preguntar solo.',
    },
  },
  'agent-server-slow': {
    exit: 1,
    en: {
      text: '{server} did not end its answer within {seconds} s.',
      hint: 'The device asks the next server, and this one again later by itself.',
    },
    es: {
      text: '{server} no terminó su respuesta en {seconds} s.',
      hint: 'El equipo pregunta al siguiente servidor, y a este más tarde, por sí solo.',
    },
  },
  'agent-lease-refused': {
    exit: 1,
    en: {
      text: '{server} gave a lease that this laptop would not take: it has ended, is for another one, or is signed by a key that it does not have. What it has stays.',
      hint: 'Check it with "satchel lease verify" and the public key that the laptops have.',
    },
    es: {
      text: '{server} dio un permiso que este equipo no aceptaría: ya terminó, es de otro, o lo firma una clave que no tiene. Queda el que tiene.',
      hint: 'Compruébelo con «satchel lease verify» y la clave pública que tienen los equipos.',
    },
  },
  'agent-signature-ignored': {
    en: {
      text: 'The answer of {server} is not signed by a key of this device; it was taken because /etc/oats-ignore-signature is there.',
    },
    es: {
      text: 'La respuesta de {server} no está firmada por una clave de este equipo; se aceptó porque existe /etc/oats-ignore-signature.',
    },
  },
  'agent-lease-ends': {
    en: {
      text: 'The permission of this computer to start ends in {days} days, on {date}.',
      hint: 'Connect it to the network of your school before that day; it is renewed by itself. If that does not help, ask at school.',
    },
    es: {
      text: 'El permiso de este equipo para arrancar termina en {days} días, el {date}.',
      hint: 'Conéctelo a la red de su escuela antes de ese día; se renueva solo. Si no funciona, pregunte en la escuela.',
    },
  },
  'agent-lease-ends-soon': {
    en: {
      text: 'The permission of this computer to start ends very soon, on {date}.',
      hint: 'Connect it to the network of your school today, or bring it to somebody who looks after the computers.',
    },
    es: {
      text: 'El permiso de este equipo para arrancar termina muy pronto, el {date}.',
      hint: 'Conéctelo hoy a la red de su escuela, o llévelo a quien cuida los equipos.',
    },
  },
  'agent-lease-ended': {
    en: {
      text: 'The permission of this computer to start has ended, on {date}. It may not start again once it is switched off.',
      hint: 'Leave it on, connect it to the network of your school, and ask somebody who looks after the computers.',
    },
    es: {
      text: 'El permiso de este equipo para arrancar terminó, el {date}. Si se apaga, puede que no arranque más.',
      hint: 'Déjelo encendido, conéctelo a la red de su escuela y pregunte a quien cuida los equipos.',
    },
  },
  'agent-stolen': {
    en: {
      text: 'This computer is marked as stolen and gets no permission to start any more.',
      hint: 'If it is yours, bring it to your school: whoever set the mark can take it back, and then it works as before.',
    },
    es: {
      text: 'Este equipo está marcado como robado y ya no recibe permiso para arrancar.',
      hint: 'Si es suyo, llévelo a su escuela: quien puso la marca puede quitarla, y entonces funciona como antes.',
    },
  },
  'agent-restart': {
    en: {
      text: 'A new version of the system is ready: {build}.',
      hint: 'It is used from the next start on. Restart when it suits you.',
    },
    es: {
      text: 'Hay una nueva versión del sistema lista: {build}.',
      hint: 'Se usa desde el próximo arranque. Reinicie cuando le convenga.',
    },
  },
  'agent-later-lesson': {
    en: { text: 'The update to {build} waits: a lesson is going on ({who}).' },
    es: { text: 'La actualización a {build} espera: hay una clase en curso ({who}).' },
  },
  'agent-later-battery': {
    en: { text: 'The update to {build} waits for mains power: the battery holds {level} %.' },
    es: { text: 'La actualización a {build} espera la corriente: la batería tiene {level} %.' },
  },
  'agent-later-metered': {
    en: { text: 'The update to {build} waits for a link that costs nothing.' },
    es: { text: 'La actualización a {build} espera un enlace sin costo.' },
  },
  'agent-later-pause': {
    en: { text: 'The update to {build} has taken hours; it goes on after the next look around.' },
    es: { text: 'La actualización a {build} ha tomado horas; sigue tras la próxima mirada.' },
  },
  'agent-later-hours': {
    en: { text: 'The update to {build} waits for the hours that are set for it.' },
    es: { text: 'La actualización a {build} espera el horario fijado para ella.' },
  },
  'agent-later-switch': {
    en: { text: '{build} is on this device; it becomes what starts at the hours that are set for that.' },
    es: { text: '{build} está en este equipo; será lo que arranque en el horario fijado para eso.' },
  },
  'agent-advice-unusable': {
    exit: 1,
    en: {
      text: '{server} advises {build} and does not say where it lies in a way that this device understands.',
      hint: 'The operator of the server gives an address such as rsync://schoolserver/build-{build}.',
    },
    es: {
      text: '{server} aconseja {build} y no dice dónde está de un modo que este equipo entienda.',
      hint: 'El operador del servidor da una dirección como rsync://schoolserver/build-{build}.',
    },
  },
  'agent-clock-not-set': {
    en: { text: 'The clock could not be set: {reason}.' },
    es: { text: 'No se pudo poner en hora el reloj: {reason}.' },
  },
  'agent-notify-failed': {
    en: { text: 'The program that tells people, {program}, failed: {reason}.' },
    es: { text: 'El programa que avisa a las personas, {program}, falló: {reason}.' },
  },
  'agent-notify-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is no way to tell people.',
      hint: 'Write wall, off, or the absolute path of a program.',
    },
    es: {
      text: '{option}: «{value}» no es un modo de avisar.',
      hint: 'Escriba wall, off o la ruta absoluta de un programa.',
    },
  },
  'agent-server-not-understood': {
    exit: 2,
    en: {
      text: '{option}: "{value}" is no theft-deterrence server.',
      hint: 'Write a host name, such as schoolserver or antitheft.example.org:8400, or none.',
    },
    es: {
      text: '{option}: «{value}» no es un servidor antirrobo.',
      hint: 'Escriba un nombre, como schoolserver o antitheft.example.org:8400, o none.',
    },
  },
  'agent-activities-broken': {
    exit: 1,
    en: {
      text: 'The program that brings the activities of {home} ended without an answer: {reason}',
      hint: 'It is tried again. "satchel activities update --home {home}" shows more.',
    },
    es: {
      text: 'El programa que trae las actividades de {home} terminó sin respuesta: {reason}',
      hint: 'Se intentará de nuevo. «satchel activities update --home {home}» muestra más.',
    },
  },
  'agent-activities-stuck': {
    exit: 1,
    en: {
      text: 'The program that brings the activities of {home} was ended: it had done nothing for {minutes} minutes.',
      hint: 'It is tried again. "satchel activities update --home {home}" shows where it stops.',
    },
    es: {
      text: 'Se terminó el programa que trae las actividades de {home}: llevaba {minutes} minutos sin hacer nada.',
      hint: 'Se intentará de nuevo. «satchel activities update --home {home}» muestra dónde se detiene.',
    },
  },
  'contents-hash-other': {
    exit: 1,
    en: {
      text: 'The manifest at {place} is not the one that was advised. Nothing was changed.',
      hint: 'Ask the operator of the server to publish the build again, or to correct the advice.',
    },
    es: {
      text: 'El manifiesto en {place} no es el aconsejado. No se cambió nada.',
      hint: 'Pida al operador del servidor que publique de nuevo la versión o corrija el consejo.',
    },
  },
} as const satisfies MessageSet;
