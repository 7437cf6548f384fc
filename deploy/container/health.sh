#!/bin/bash
# deploy/container/health.sh PORT PATH - does this container answer 200 there? Bash alone asks.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
IFS= read -r -t 2 line <&3
[[ $line == "HTTP/1.1 200"* ]]
