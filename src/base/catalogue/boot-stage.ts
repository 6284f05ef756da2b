import type { Message, MessageSet } from '../message.ts';

function words(en: string, es: string): Message {
  return { en: { text: en }, es: { text: es } };
}

/** Sentences about updates in place of the version that they come from: `src/device/boot-stage-*.ts`. */
export const bootStageMessages = {
  'in-place-no-space': {
    exit: 4,
    en: {
      text: '{build} does not fit in place of {from} either: at the worst moment it needs {peak} beside what is there and {reserve} in reserve; {free} are free.',
      hint: 'Free {missing}. What was received is kept.',
    },
    es: {
      text: '{build} tampoco cabe en lugar de {from}: en el peor momento necesita {peak} además de lo que hay y {reserve} de reserva; hay {free} libres.',
      hint: 'Libere {missing}. Lo recibido se conserva.',
    },
  },
  'in-place-no-inodes': {
    exit: 4,
    en: {
      text: '{build} does not fit in place of {from} either: the file system has {missing} inodes too few.',
      hint: 'Remove files.',
    },
    es: {
      text: '{build} tampoco cabe en lugar de {from}: al sistema de archivos le faltan {missing} inodos.',
      hint: 'Elimine archivos.',
    },
  },
  'in-place-no-version': {
    exit: 4,
    en: {
      text: 'There is no version here whose place {build} could take: the one that boots next has to be running and to have come from Satchel.',
      hint: 'Restart the device if another version boots next, and run the same command again.',
    },
    es: {
      text: 'Aquí no hay ninguna versión cuyo lugar pueda tomar {build}: la que arranca la próxima vez debe estar en uso y haber sido instalada por Satchel.',
      hint: 'Reinicie el equipo si la próxima vez arranca otra versión, y repita la orden.',
    },
  },
  'in-place-needs-root': {
    exit: 4,
    en: { text: 'Only root can stage {build} in place of {from}.', hint: 'Run the same command as root.' },
    es: {
      text: 'Solo root puede poner {build} en lugar de {from}.',
      hint: 'Ejecute la misma orden como root.',
    },
  },
  'in-place-needs-overlay': {
    exit: 4,
    en: {
      text: 'The running tree of {from} is a copy of its own ({path}): a version can only be replaced in place where it runs from an overlay.',
      hint: 'Set the run mode "overlay" with "satchel device set --run-mode overlay", restart, and remove that tree.',
    },
    es: {
      text: 'El árbol en uso de {from} es una copia propia ({path}): una versión solo puede reemplazarse en su lugar donde se usa desde un overlay.',
      hint: 'Elija el modo «overlay» con «satchel device set --run-mode overlay», reinicie y elimine ese árbol.',
    },
  },
  'in-place-base-damaged': {
    exit: 4,
    en: {
      text: '{count} files of {from} are not as they were published, the first is {path}; nothing can be made from them in place.',
      hint: 'Run "satchel repair" first.',
    },
    es: {
      text: '{count} archivos de {from} no están como se publicaron; el primero es {path}. No se puede hacer nada a partir de ellos en su lugar.',
      hint: 'Ejecute antes «satchel repair».',
    },
  },
  'in-place-not-sound': {
    exit: 1,
    en: {
      text: 'The rehearsal of {build} in place of {from} did not make all of it. Nothing was changed.',
      hint: 'Ask the people who run the repository to run "satchel fsck".',
    },
    es: {
      text: 'El ensayo de {build} en lugar de {from} no lo produjo todo. No se cambió nada.',
      hint: 'Pida a quienes administran el repositorio que ejecuten «satchel fsck».',
    },
  },
  'in-place-not-installed': {
    exit: 4,
    en: {
      text: 'This is not an installed Satchel, so it cannot run before the system starts.',
      hint: 'Use the program of a package, or make one with "node scripts/bundle.ts".',
    },
    es: {
      text: 'Este no es un Satchel instalado, así que no puede ejecutarse antes de que arranque el sistema.',
      hint: 'Use el programa de un paquete, o haga uno con «node scripts/bundle.ts».',
    },
  },
  'in-place-kit-useless': {
    exit: 1,
    en: {
      text: 'Satchel does not run in the small root that was made for the next boot ({reason}). Nothing was changed.',
      hint: 'Look at what Node.js needs on this device: "ldd $(command -v node)".',
    },
    es: {
      text: 'Satchel no funciona en la pequeña raíz que se preparó para el próximo arranque ({reason}). No se cambió nada.',
      hint: 'Revise qué necesita Node.js en este equipo: «ldd $(command -v node)».',
    },
  },
  'in-place-ordered': {
    en: {
      text: '{build} is received and verified. The next boot stages it in place of {from}; there is no way back to {from} then.',
    },
    es: {
      text: '{build} está recibida y verificada. El próximo arranque la pone en lugar de {from}; entonces no se puede volver a {from}.',
    },
  },
  'boot-stage-wrong': {
    exit: 1,
    en: {
      text: '{what}, which staging {build} needs, is not on the disk as it was received.',
      hint: 'Run the update again.',
    },
    es: {
      text: '{what}, que hace falta para preparar {build}, no está en el disco como se recibió.',
      hint: 'Repita la actualización.',
    },
  },
  'boot-stage-other-version': {
    exit: 1,
    en: {
      text: 'What boots is {current}, and the order is to replace {from} by {to}.',
      hint: 'Run the update again.',
    },
    es: {
      text: 'Lo que arranca es {current}, y la orden es reemplazar {from} por {to}.',
      hint: 'Repita la actualización.',
    },
  },
  'boot-stage-base-changed': {
    exit: 1,
    en: {
      text: '{path} of {from} is not as it was when the update was ordered.',
      hint: 'Run "satchel repair", then the update again.',
    },
    es: {
      text: '{path} de {from} no está como cuando se ordenó la actualización.',
      hint: 'Ejecute «satchel repair» y repita la actualización.',
    },
  },
  'boot-stage-failed': {
    exit: 1,
    en: {
      text: 'Making {to} from {from} failed at step {step} of {steps}, for {path}.',
      hint: 'The disk may be failing. Restarting tries once more; else mount the disk in another system and run "satchel repair --source URL {from}", from a stick or a server, and "satchel boot stage --give-up".',
    },
    es: {
      text: 'La preparación de {to} a partir de {from} falló en el paso {step} de {steps}, con {path}.',
      hint: 'El disco puede estar fallando. Al reiniciar se intenta otra vez; si no, monte el disco en otro sistema y ejecute «satchel repair --source URL {from}», desde una memoria USB o un servidor, y «satchel boot stage --give-up».',
    },
  },
  'boot-stage-damaged': {
    en: {
      text: '{count} files of {build} are not on the disk as they were written, the first is {path}: run "satchel repair" once it runs.',
    },
    es: {
      text: '{count} archivos de {build} no quedaron en el disco como se escribieron; el primero es {path}: ejecute «satchel repair» cuando esté en uso.',
    },
  },
  'boot-stage-local-left': {
    en: {
      text: 'The changes of the user could not be carried over to {build} ({reason}); it starts without them.',
    },
    es: {
      text: 'No se pudieron llevar los cambios del usuario a {build} ({reason}); arranca sin ellos.',
    },
  },
  'boot-stage-none': {
    en: { text: 'Nothing is ordered for this boot.' },
    es: { text: 'No hay nada ordenado para este arranque.' },
  },
  'result-in-place': {
    en: {
      text: 'Restart the device: {build} takes the place of {from} before the system starts ({bytes} in {requests} requests, {seconds}). Do not switch it off meanwhile; after a power cut it goes on.',
    },
    es: {
      text: 'Reinicie el equipo: {build} toma el lugar de {from} antes de que arranque el sistema ({bytes} en {requests} solicitudes, {seconds}). No lo apague mientras tanto; tras un corte de luz continúa.',
    },
  },
  'result-plan-in-place': {
    en: {
      text: 'Beside {from} there is no room: {build} would take its place before the next start, and there would be no way back. With what is received that takes {least} at least and {reserve} in reserve; {free} are free. How much exactly is known when all is received; where it does not fit, nothing changes.',
    },
    es: {
      text: 'Junto a {from} no hay espacio: {build} tomaría su lugar antes del próximo arranque, sin vuelta atrás. Con lo que se recibe hacen falta al menos {least} y {reserve} de reserva; hay {free} libres. Cuánto exactamente se sabe cuando todo está recibido; si no cabe, nada cambia.',
    },
  },
  'result-boot-stage': {
    en: { text: '{to} has taken the place of {from} in {steps} steps and boots next.' },
    es: { text: '{to} tomó el lugar de {from} en {steps} pasos y arranca la próxima vez.' },
  },
  'result-status-ordered': {
    en: { text: 'The next boot puts {build} in place of {from}, before the system starts.' },
    es: { text: 'El próximo arranque pone {build} en lugar de {from}, antes de que arranque el sistema.' },
  },
  'result-boot-stage-given-up': {
    en: { text: 'The order is taken back: {build} is whole and goes on booting.' },
    es: { text: 'La orden queda anulada: {build} está completa y sigue arrancando.' },
  },
  'option-give-up': words(
    'take the order back, when the version that was to be replaced is whole (again)',
    'anula la orden, si la versión que se iba a reemplazar está completa (de nuevo)',
  ),
  'help-boot-stage': words(
    'carry out an update that was ordered for the time before the system starts (for the initramfs)',
    'realiza una actualización ordenada para antes de que arranque el sistema (para el initramfs)',
  ),
  'option-in-place': words(
    'where even --reclaim leaves too little room: replace the running version before the next start (no way back)',
    'donde ni con --reclaim alcanza el espacio: reemplaza la versión en uso antes del próximo arranque (sin vuelta atrás)',
  ),
  'option-probe': words(
    'only show that the program runs, with all that it loads',
    'solo muestra que el programa funciona, con todo lo que carga',
  ),
} as const satisfies MessageSet;
