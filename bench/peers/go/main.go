// SPDX-License-Identifier: Apache-2.0

// Command peer HOST PORT seq|conc|hold N: the schema as gocql (apache/cassandra-gocql-driver v2)
// models it. What is printed and what is measured: ../README.md. PEER_NOWALK=1: the driver alone.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

const timeout = 120 * time.Second

type peer struct {
	host string
	port int
	walk bool
	lock sync.Mutex
	out  *bufio.Writer
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "peer:", err)
	os.Exit(1)
}

// crawl reads one cluster; the session comes back where it is to be kept.
func (p *peer) crawl(keep bool) (*gocql.Session, counts, error) {
	var found counts
	cluster := gocql.NewCluster(p.host)
	cluster.Port = p.port
	cluster.NumConns = 1
	cluster.Timeout = timeout
	cluster.ConnectTimeout = timeout
	session, err := cluster.CreateSession()
	if err != nil {
		return nil, found, err
	}
	all, err := session.AllKeyspaceMetadata()
	if err == nil && p.walk {
		found, err = p.write(all)
	}
	if keep && err == nil {
		return session, found, nil
	}
	session.Close()
	return nil, found, err
}

func (p *peer) write(all map[string]*gocql.KeyspaceMetadata) (counts, error) {
	var found counts
	text, err := json.Marshal(model(all, &found))
	if err != nil {
		return found, err
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	_, err = p.out.Write(append(text, '\n'))
	return found, err
}

// many runs n crawls at once and keeps the sessions where that is asked.
func (p *peer) many(n int, hold bool) ([]*gocql.Session, counts) {
	var wait sync.WaitGroup
	sessions, found := make([]*gocql.Session, n), make([]counts, n)
	for i := 0; i < n; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			var err error
			if sessions[i], found[i], err = p.crawl(hold); err != nil {
				fail(err)
			}
		}(i)
	}
	wait.Wait()
	return sessions, found[0]
}

func (p *peer) run(mode string, n int) {
	var sessions []*gocql.Session
	var found counts
	started := time.Now()
	if mode == "seq" {
		for i := 0; i < n; i++ {
			var err error
			if _, found, err = p.crawl(false); err != nil {
				fail(err)
			}
		}
	} else {
		sessions, found = p.many(n, mode == "hold")
	}
	wall := time.Since(started).Seconds()
	if mode == "hold" {
		time.Sleep(time.Second)
	}
	if err := p.out.Flush(); err != nil {
		fail(err)
	}
	report(mode, n, wall, p.port, found)
	for _, session := range sessions {
		if session != nil {
			session.Close()
		}
	}
}

func report(mode string, n int, wall float64, port int, found counts) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	line := map[string]interface{}{"peer": "gocql", "mode": mode, "n": n, "wall": wall, "cpu": cpu,
		"hwm_kb": status("VmHWM:"), "rss_kb": status("VmRSS:"), "threads": status("Threads:"),
		"conns": connections(port)}
	for name, value := range found.named() {
		line[name] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		fail(err)
	}
	fmt.Fprintf(os.Stderr, "PEER %s\n", text)
}

func main() {
	if len(os.Args) == 5 {
		port, bad := strconv.Atoi(os.Args[2])
		n, worse := strconv.Atoi(os.Args[4])
		mode := os.Args[3]
		if bad == nil && worse == nil && n > 0 && (mode == "seq" || mode == "conc" || mode == "hold") {
			p := &peer{host: os.Args[1], port: port, walk: os.Getenv("PEER_NOWALK") == "",
				out: bufio.NewWriterSize(os.Stdout, 1<<20)}
			p.run(mode, n)
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: peer HOST PORT seq|conc|hold N")
	os.Exit(2)
}
