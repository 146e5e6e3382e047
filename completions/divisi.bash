_divisi()
{
	local word=${COMP_WORDS[COMP_CWORD]} words=

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='check verdict plan fmt prompt advise help completions version'
	elif [[ $word == -* ]]; then
		case ${COMP_WORDS[1]} in
		check) words='--json' ;;
		verdict) words='--json --a-reads --a-writes --a-creates --a-deletes --a-appends --a-produces --a-consumes --a-infra --b-reads --b-writes --b-creates --b-deletes --b-appends --b-produces --b-consumes --b-infra' ;;
		plan) words='--json' ;;
		fmt) words='--check --write' ;;
		prompt) words='--json' ;;
		advise) words='--json --subtasks --one-session --several-repos --shared-tree --own-branch --own-ci --several-issues --one-branch --research --own-context' ;;
		help) words='--json' ;;
		version) words='--json' ;;
		esac
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _divisi divisi
