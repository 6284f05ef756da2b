import type { MessageSet } from '../message.ts';

/** Sentences about what users change on a device (`src/device/local-*.ts`, `carry-*.ts`), and what no layer may hide. */
export const localMessages = {
  'tree-whiteout': {
    exit: 1,
    en: {
      text: '{path} is a character device 0:0, by which overlayfs marks a deleted name: on a device it would vanish, or make others vanish.',
      hint: 'The tree seems to be a layer of a container and not a whole system: publish the merged tree, or remove the node.',
    },
    es: {
      text: '{path} es un dispositivo de caracteres 0:0, con el que overlayfs marca un nombre eliminado: en un equipo desaparecería, o haría desaparecer otros.',
      hint: 'El árbol parece una capa de un contenedor y no un sistema completo: publique el árbol combinado, o elimine el nodo.',
    },
  },
  'tree-overlay-mark': {
    exit: 1,
    en: {
      text: '{path} has the attribute {attribute}, which overlayfs would obey on a device.',
      hint: 'The tree seems to be a layer of a container and not a whole system: publish the merged tree, or remove the attribute with setfattr -x.',
    },
    es: {
      text: '{path} tiene el atributo {attribute}, que overlayfs obedecería en un equipo.',
      hint: 'El árbol parece una capa de un contenedor y no un sistema completo: publique el árbol combinado, o quite el atributo con setfattr -x.',
    },
  },
  'layer-not-ours': {
    exit: 1,
    en: {
      text: 'The writable layer holds {path} with the mark "{mark}" of overlayfs, which Satchel never sets: it was mounted by something else.',
      hint: 'Nothing of it was changed. Copy what you need out of the running system, and mount layers only with redirect_dir=off,metacopy=off.',
    },
    es: {
      text: 'La capa de escritura tiene {path} con la marca «{mark}» de overlayfs, que Satchel nunca pone: la montó otra cosa.',
      hint: 'No se cambió nada de ella. Copie lo que necesite desde el sistema en marcha, y monte las capas solo con redirect_dir=off,metacopy=off.',
    },
  },
  'carry-policy-wrong': {
    exit: 1,
    en: {
      text: '{file}, line {line}, is not understood.',
      hint: 'A line says merge, keep or drop, and then a path from /, for example "merge /etc".',
    },
    es: {
      text: 'No se entiende {file}, línea {line}.',
      hint: 'Una línea dice merge, keep o drop, y después una ruta desde /, por ejemplo «merge /etc».',
    },
  },
  'carry-policy-replaced': {
    en: {
      text: '{file}, line {line}, is not understood: changes are carried over by the policy that Satchel brings.',
      hint: 'Mend the line and see what it does with "satchel local carry --dry-run".',
    },
    es: {
      text: 'No se entiende {file}, línea {line}: los cambios se trasladan según la política que trae Satchel.',
      hint: 'Corrija la línea y vea su efecto con «satchel local carry --dry-run».',
    },
  },
  'carry-no-room': {
    exit: 4,
    en: {
      text: 'What was changed on this device and is to be carried over to {build} takes {bytes}; {free} are free.',
      hint: 'Free some space, or leave something behind by a line in /etc/satchel/carry.conf. The device still boots what it did.',
    },
    es: {
      text: 'Lo que se cambió en este equipo y debe pasar a {build} ocupa {bytes}; hay {free} libres.',
      hint: 'Libere espacio, o deje algo atrás con una línea en /etc/satchel/carry.conf. El equipo sigue arrancando lo mismo.',
    },
  },
  'carry-conflicts': {
    en: {
      text: 'Both this device and {build} changed {count} files; those of {build} are used, those of the device lie beside them. The first is {path}.',
      hint: 'After the next boot look for names that end in .satchel-local.',
    },
    es: {
      text: 'Tanto este equipo como {build} cambiaron {count} archivos; se usan los de {build}, y los del equipo quedan al lado. El primero es {path}.',
      hint: 'Después del próximo arranque busque nombres que terminen en .satchel-local.',
    },
  },
  'carry-only-overlay': {
    en: {
      text: '{build} runs in the mode "{mode}": of what was changed in it only persistent paths go on to the next version.',
      hint: 'See what was changed with "satchel local diff"; name what has to stay in /etc/satchel/persist.d, or use the run mode overlay.',
    },
    es: {
      text: '{build} funciona en el modo «{mode}»: de lo que se cambió en ella solo las rutas persistentes pasan a la versión siguiente.',
      hint: 'Vea qué se cambió con «satchel local diff»; nombre lo que debe quedar en /etc/satchel/persist.d, o use el modo overlay.',
    },
  },
  'local-not-known': {
    exit: 3,
    en: {
      text: 'Nothing is known of changes to {build}: it has no writable layer and no running tree on this device.',
      hint: 'A version has one once it has been booted.',
    },
    es: {
      text: 'No se sabe de cambios en {build}: no tiene capa de escritura ni árbol en uso en este equipo.',
      hint: 'Una versión los tiene después de haber arrancado.',
    },
  },
} as const satisfies MessageSet;
