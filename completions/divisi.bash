_divisi()
{
	local word=${COMP_WORDS[COMP_CWORD]} words=

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='init check verdict plan why-not what-if diff simulate fmt footprint prompt advise assert run dispatch approve status watch log why approvals decline cost attach say interrupt hold resume park abandon takeover handback claim abort conflicts rule try salvage checkpoint delegate answer merge report summary review feedback research findings issue outbox ready closure stale agent doctor events replay server help completions learn version serve tell widen hook mcp'
	elif [[ $word == -* ]]; then
		case ${COMP_WORDS[1]} in
		init) words='--tasks --plan --topic --project --verify --yes --skill --dry-run --json' ;;
		check) words='--json --certificate' ;;
		verdict) words='--json --a-reads --a-writes --a-creates --a-deletes --a-appends --a-produces --a-consumes --a-infra --b-reads --b-writes --b-creates --b-deletes --b-appends --b-produces --b-consumes --b-infra' ;;
		plan) words='--json --graph --rolling --from' ;;
		why-not) words='--json' ;;
		what-if) words='--json --reads --writes --creates --deletes --renames --appends --produces --consumes --uses --extends --changes --removes --renumbers --gates --infra --depends --cap' ;;
		diff) words='--json' ;;
		simulate) words='--json --rounds --seed --cap --rolling --budget --merge --approve-all --person' ;;
		fmt) words='--check --write' ;;
		footprint) words='--json --min --write' ;;
		prompt) words='--json' ;;
		advise) words='--json --subtasks --one-session --several-repos --shared-tree --own-branch --own-ci --several-issues --one-branch --research --own-context' ;;
		assert) words='--json --reason' ;;
		run) words='--json --approve-all --approve --merge --fence --queue --override --reason' ;;
		dispatch) words='--json --dry-run --approve --merge --fence --queue --override --reason' ;;
		approve) words='--json --reason --hash --batch --ask --once --session --rule --in --mode' ;;
		status) words='--json' ;;
		watch) words='--json' ;;
		log) words='--follow --raw' ;;
		why) words='--json' ;;
		approvals) words='--json --watch --rules --forget' ;;
		decline) words='--json --reason --hash --batch --ask' ;;
		cost) words='--json --plan-cap --batch-cap --account-cap' ;;
		attach) words='--json --from --tail --take' ;;
		say) words='--json' ;;
		interrupt) words='--json --reason' ;;
		hold) words='--json --reason' ;;
		resume) words='--json --reason --note --same --fresh --fork --override' ;;
		park) words='--json --reason' ;;
		abandon) words='--json --reason' ;;
		takeover) words='--json --tmux --reason --override' ;;
		handback) words='--json --done --note' ;;
		claim) words='--json --reason --override' ;;
		abort) words='--json --reason' ;;
		conflicts) words='--json --all' ;;
		rule) words='--json --order --yield --rescope --go-on --text --reason' ;;
		try) words='--json' ;;
		salvage) words='--json --restore --branch' ;;
		checkpoint) words='--json' ;;
		delegate) words='--json --to --branch --done --reason --override --look' ;;
		answer) words='--json' ;;
		merge) words='--json --yes --diff --override --reason' ;;
		report) words='--json' ;;
		summary) words='--json' ;;
		review) words='--json --record --waive --option --checkpoint --agent --persona --approve-all --list --show' ;;
		feedback) words='--json --all --kind --author --pull --branch --commit --issue --deploy --log --id --reason' ;;
		research) words='--json --assess --sufficient --reason' ;;
		findings) words='--json --rdr --write --log --of --reason --agent --small-agent --mentioned --yes' ;;
		issue) words='--json --parent --status --text --assignee --label --type --title --body --body-file --estimate --project --url --id --version --kind --remove --limit --markdown' ;;
		outbox) words='--json --reason' ;;
		ready) words='--json --force --start' ;;
		closure) words='--json --outcome --conformance' ;;
		stale) words='--json --of' ;;
		agent) words='--json --limit' ;;
		doctor) words='--json --all --mend --dry-run --yes' ;;
		events) words='--json --after --follow --until --kinds' ;;
		replay) words='--json --until --dump' ;;
		server) words='--foreground --stop --top --idle' ;;
		help) words='--json' ;;
		learn) words='--json --landings --dry-run --forget' ;;
		version) words='--json' ;;
		serve) words='--json --webhooks' ;;
		tell) words='--json --detail --done --total' ;;
		widen) words='--json --reason --yes' ;;
		hook) words='--home' ;;
		mcp) words='--print-config' ;;
		esac
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _divisi divisi
