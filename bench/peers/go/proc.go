// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// status is one number of /proc/self/status: KB, or threads.
func status(key string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if part := strings.Fields(line); len(part) > 1 && part[0] == key {
			value, _ := strconv.Atoi(part[1])
			return value
		}
	}
	return 0
}

func ownSockets() map[string]bool {
	found := map[string]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		fail(err)
	}
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && strings.HasPrefix(target, "socket:[") {
			found[target[8:len(target)-1]] = true
		}
	}
	return found
}

// connections counts those of this process to the port that are established.
func connections(port int) int {
	mine, suffix, count := ownSockets(), fmt.Sprintf(":%04X", port), 0
	for _, name := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, _ := os.ReadFile(name) // no IPv6, no file
		for _, line := range strings.Split(string(text), "\n") {
			part := strings.Fields(line)
			if len(part) > 9 && strings.HasSuffix(part[2], suffix) && part[3] == "01" && mine[part[9]] {
				count++
			}
		}
	}
	return count
}
