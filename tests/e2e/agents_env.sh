# shellcheck shell=bash disable=SC2034,SC2154
# Points the real agents at the model of our own; after lib.sh and runs.sh.

# agent_path AGENT: puts its programs on PATH; they are an npm project below $E2E_AGENTS.
agent_path() {
	[ -d "$E2E_AGENTS/$1/node_modules/.bin" ] && PATH=$PATH:$E2E_AGENTS/$1/node_modules/.bin
}

# agent_env AGENT: the environment and the settings that it needs.
agent_env() {
	local model="http://127.0.0.1:$port"
	case $1 in
	codex | codex-acp | codex-exec)
		export CODEX_HOME=$scratch/codex STUB_KEY=dummy CODEX_API_KEY=dummy
		mkdir -p "$CODEX_HOME"
		cat >"$CODEX_HOME/config.toml" <<-END
			model = "stub-model"
			model_provider = "stub"
			[analytics]
			enabled = false
			[model_providers.stub]
			name = "stub"
			base_url = "$model/v1"
			env_key = "STUB_KEY"
			wire_api = "responses"
			request_max_retries = 1
			stream_max_retries = 1
		END
		git config divisi.env STUB_KEY
		;;
	gemini)
		export GEMINI_API_KEY=dummy GOOGLE_GEMINI_BASE_URL=$model GEMINI_MODEL=gemini-2.5-pro
		mkdir -p "$HOME/.gemini"
		echo '{"security":{"auth":{"selectedType":"gemini-api-key"}}}' >"$HOME/.gemini/settings.json"
		;;
	opencode)
		# It takes its time to start, and a minute and a half to give a failing model up.
		E2E_PATIENCE=180
		# As its user has them who ran it once: it installs them itself otherwise.
		mkdir -p "$XDG_CONFIG_HOME/opencode/node_modules/@opencode-ai/plugin"
		echo '{"dependencies":{"@opencode-ai/plugin":"1.18.33"}}' \
			>"$XDG_CONFIG_HOME/opencode/package.json"
		echo '{"packages":{"":{"dependencies":{"@opencode-ai/plugin":"1.18.33"}}}}' \
			>"$XDG_CONFIG_HOME/opencode/package-lock.json"
		export OPENCODE_DISABLE_MODELS_FETCH=1
		export OPENCODE_CONFIG_CONTENT='{"autoupdate":false,"provider":{"stub":{"npm":"@ai-sdk/openai-compatible","name":"Stub","options":{"baseURL":"'$model'/v1","apiKey":"dummy"},"models":{"stub-model":{"name":"stub"}}}},"model":"stub/stub-model","small_model":"stub/stub-model"}'
		;;
	copilot)
		export COPILOT_PROVIDER_BASE_URL=$model/v1 COPILOT_PROVIDER_API_KEY=dummy
		export COPILOT_MODEL=stub-model COPILOT_OFFLINE=true
		;;
	claude-acp)
		export ANTHROPIC_BASE_URL=$model ANTHROPIC_API_KEY=dummy
		export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1
		;;
	esac
}

# agent_begin AGENT: a repository whose sessions are AGENT's, with the model beside it; the
# rest of the script is skipped where the program is not installed.
agent_begin() {
	agent=$1
	# Codex without its server is the same program.
	agent_path "${agent%-exec}" ||
		skip_all "$agent is not installed (./check --all installs it from npm)"
	command -v node >/dev/null || skip_all "node is not installed"
	model_log=$scratch/model.log
	# What it was asked is kept with the rest that is kept.
	node "$top/tests/e2e/claude/stub.mjs" --log "$model_log" \
		${DIVISI_E2E_KEEP:+--bodies "$scratch/bodies"} >"$scratch/port" &
	wait_until 60 test -s "$scratch/port"
	port=$(cat "$scratch/port")
	new_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
	agent_env "$agent"
	git config divisi.main main
	git config divisi.radar off
	git config divisi.verify "git status" # agents from outside are told how to test (S-85)
}

# agent_launch N: dispatches plan N of standard input and approves it.
agent_launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md" --override G15 --reason "every mode is tried"; [ $? = 4 ]; } &&
		approve_table
}
