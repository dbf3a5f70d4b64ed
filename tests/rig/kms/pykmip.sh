#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run PyKMIP, the key server of the tests.
#
#   pykmip.sh start FOLDER PORT [ADDRESS]   ADDRESS is 127.0.0.1 unless said
#   pykmip.sh stop FOLDER PORT
#
# FOLDER holds what certs.sh made; SERVER=NAME takes another server certificate
# than "server". The keys are in FOLDER/pykmip-PORT/keys.db and stay there
# from one start to the next, the server's log is server.log beside it.
# "start" returns when the server answers. It speaks TLS 1.2 only.

set -u
umask 077

usage() {
	sed -n '/^#   pykmip/s/^# *//p' "$0" >&2
	exit 2
}

[ $# -ge 3 ] || usage
folder=$(realpath "$2") || exit
port=$3
address=${4:-127.0.0.1}
state=$folder/pykmip-$port
server=${SERVER:-server}

configure() {
	mkdir -p "$state/policies" || exit
	cat >"$state/server.conf" <<-END
	[server]
	hostname=$address
	port=$port
	certificate_path=$folder/$server.pem
	key_path=$folder/$server.key
	ca_path=$folder/ca.pem
	auth_suite=TLS1.2
	policy_path=$state/policies
	enable_tls_client_auth=True
	logging_level=INFO
	database_path=$state/keys.db
	END
}

# The server's process id, if it is still that server.
running() {
	local pid

	pid=$(cat "$state/pid" 2>/dev/null) || return
	grep -qF "$state/server.conf" "/proc/$pid/cmdline" 2>/dev/null || return
	echo "$pid"
}

answers() {
	openssl s_client -connect "$address:$port" -CAfile "$folder/ca.pem" \
		-cert "$folder/client.pem" -key "$folder/client.key" </dev/null >/dev/null 2>&1
}

start() {
	if running >/dev/null; then
		echo "pykmip.sh: it runs already" >&2
		exit 1
	fi
	configure
	# The system's Python: PyKMIP is a package of the system.
	setsid /usr/bin/python3 -W ignore /usr/bin/pykmip-server -f "$state/server.conf" \
		-l "$state/server.log" </dev/null >"$state/output" 2>&1 &
	echo $! >"$state/pid"
	for ((tries = 0; tries < 300; tries++)); do
		# If it is not our server that answers, the port is taken.
		if ! running >/dev/null && [ $tries -gt 5 ]; then
			break
		fi
		if answers && running >/dev/null; then
			exit 0
		fi
		sleep 0.2
	done
	echo "pykmip.sh: the server does not answer:" >&2
	tail -n 5 "$state/output" "$state/server.log" >&2
	stop
	exit 1
}

# SIGINT ends it at once; SIGTERM would wait for its next connection.
stop() {
	local pid

	pid=$(running) || return 0
	kill -INT "$pid"
	for ((tries = 0; tries < 100; tries++)); do
		running >/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$pid"
}

case $1 in
start) start ;;
stop) stop ;;
*) usage ;;
esac
