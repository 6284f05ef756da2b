import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';

/** Text for sh that stands for exactly these characters. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const sharedHead = `#!/bin/sh
# Written by Satchel; what is changed here is lost. rsync calls it with its RSYNC_ variables.
umask 077
LC_ALL=C
directory=\${0%/run/*}
case $RSYNC_HOST_ADDR in '' | */* | *,*) from=unknown ;; *) from=$RSYNC_HOST_ADDR ;; esac
`;

/**
 * The script that the daemon runs before a transfer: it lets the transfer begin once the trees that it asks for are
 * there. It writes down the use first and looks for the ready mark afterwards, so that no tree is evicted in between.
 * What it prints is shown to the client when it fails. A ready tree costs one process, \`touch\`.
 */
export function preTransferScript(options: {
  readonly perSource: number;
  readonly language: Language;
}): string {
  const { perSource, language } = options;
  const sentence = (code: MessageCode, parameters: MessageParameters = {}) =>
    shellQuoted(say(code, parameters, language).text);
  return `${sharedHead}# Connections from one address; 0: any number.
most=${perSource}

refuse() {
	rm -f "$directory/uses/"*",$from,$RSYNC_PID"
	printf '%s\\n' "$1"
	exit 1
}

# Connections from the same address besides this one whose process still runs.
others() {
	known=" $RSYNC_PID "
	count=0
	for entry in "$directory/uses/"*",$from,"*; do
		pid=\${entry##*,}
		case $known in *" $pid "*) continue ;; esac
		kill -0 "$pid" 2>/dev/null || continue
		known="$known$pid "
		count=$((count + 1))
	done
}

use() {
	[ \${#1} -le 64 ] || refuse ${sentence('rsync-answer-name')}
	true 2>/dev/null >"$directory/uses/$1,$from,$RSYNC_PID" || refuse ${sentence('rsync-answer-broken')}
	[ "$most" -eq 0 ] && return
	others
	[ "$count" -lt "$most" ] || refuse ${sentence('rsync-answer-busy', { count: perSource })}
}

# The fifo has its name only when this end is open, so the server's end never blocks and never misses it.
ask() {
	hidden=$directory/asks/.$$
	fifo=$directory/asks/$1,$$,$from,$RSYNC_PID
	rm -f "$hidden"
	{ mkfifo "$hidden" && exec 3<>"$hidden" && mv "$hidden" "$fifo"; } || refuse ${sentence('rsync-answer-broken')}
	read -r verdict <&3
	exec 3>&-
	rm -f "$fifo"
	case $verdict in
	ok) made=yes ;;
	'no '*) refuse "\${verdict#no }" ;;
	*) refuse ${sentence('rsync-answer-stopping')} ;;
	esac
}

need() {
	if [ -f "$directory/ready/$1" ] && [ ! -L "$directory/ready/$1" ]; then
		touch -c "$directory/ready/$1"
		return
	fi
	ask "$1"
}

# Every build, for who fetches the module of all of them from its root.
need_all() {
	use ''
	for module in "$directory/pub/builds/"*; do
		[ -d "$module" ] && need "\${module##*/}"
	done
}

# The builds that the words of a request name; its options come first, then a dot.
need_named() {
	recursive=no
	number=1
	while :; do
		eval "word=\\\${RSYNC_ARG$number-.}"
		number=$((number + 1))
		case $word in
		.) break ;;
		--*) ;;
		-*) case \${word%%e*} in *r*) recursive=yes ;; esac ;;
		esac
	done
	while eval "[ -n \\"\\\${RSYNC_ARG$number+set}\\" ]"; do
		eval "word=\\$RSYNC_ARG$number"
		number=$((number + 1))
		while :; do
			case $word in /*) word=\${word#/} ;; ./*) word=\${word#./} ;; *) break ;; esac
		done
		name=\${word%%/*}
		case $name in
		'' | .)
			if [ $recursive = yes ]; then need_all; fi
			;;
		*)
			# It becomes part of the names of files.
			case $name in *[!A-Za-z0-9._+-]* | [!A-Za-z0-9]*) refuse ${sentence('rsync-answer-name')} ;; esac
			use "$name"
			need "$name"
			;;
		esac
	done
}

made=no
case $RSYNC_MODULE_NAME in
build-*)
	use "\${RSYNC_MODULE_NAME#build-}"
	need "\${RSYNC_MODULE_NAME#build-}"
	;;
builds) need_named ;;
*) use "+$RSYNC_MODULE_NAME" ;;
esac

# rsync has looked for names with wildcards already, before the tree was there.
if [ $made = yes ]; then
	case $RSYNC_REQUEST in *[*?[]*) refuse ${sentence('rsync-answer-again')} ;; esac
fi
exit 0
`;
}

/** The script that the daemon runs after a transfer, however it ended. */
export function postTransferScript(): string {
  return `${sharedHead}rm -f "$directory/uses/"*",$from,$RSYNC_PID"\n`;
}
