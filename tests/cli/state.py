# SPDX-License-Identifier: Apache-2.0
"""--state: what is unchanged costs a heartbeat, what changed arrives once, whatever happened in between."""
import os
import shutil
import sqlite3
import time

from receiver import Receiver
from support import Case, signal, unittest


class State(Case):
    def setUp(self):
        super().setUp()
        # An address range of this run's own: clusters come back to theirs.
        self.net = f"127.64.{100 + os.getpid() % 100}"

    def fleet(self, *options, clusters=5):
        return self.sim(f"{self.net}.1:19042", "--clusters", str(clusters), "--keyspaces", "1", "--tables", "4",
                        *options)

    def receiver(self, at=200, *options):
        return Receiver(self, f"{self.net}.{at}:0", *options)

    def crawl(self, *options, status=0):
        return self.run_it("crawl", *options, "--state", "st", status=status)

    def took(self, receiver):
        """(complete reads, heartbeats, records); all in order, nothing missing."""
        stats = receiver.stats()
        scopes = stats["scopes"]
        self.assertEqual((scopes["missing_at_end"], scopes["ended_short"]), (0, 0), scopes)
        self.assertEqual(stats["violations"]["total"], 0, stats["violations"])
        return scopes["complete"], scopes["heartbeats"], stats["records"]["distinct"]

    def delta(self, receiver, *options, status=0):
        """What it took of one more run."""
        before = self.took(receiver)
        self.crawl(*options, "--sink", receiver.url, status=status)
        return tuple(a - b for a, b in zip(self.took(receiver), before))

    def epochs(self):
        with sqlite3.connect(self.path("st/state.db")) as db:
            return dict(db.execute("SELECT name, epoch FROM cluster"))

    def test_changes_arrive_once(self):
        sim, receiver = self.fleet("--fault", "change"), self.receiver()
        complete, beats, _ = self.delta(receiver, "--targets", sim.file)
        self.assertEqual((complete, beats), (5, 0))
        complete, beats, records = self.delta(receiver, "--targets", sim.file)
        self.assertEqual((complete, beats, records), (0, 5, 15))  # each: cluster, node, heartbeat
        sim.process.send_signal(signal.SIGUSR2)
        time.sleep(0.3)
        complete, beats, _ = self.delta(receiver, "--targets", sim.file)
        self.assertEqual((complete, beats), (5, 0))
        complete, beats, _ = self.delta(receiver, "--targets", sim.file)
        self.assertEqual((complete, beats), (0, 5))
        complete, beats, _ = self.delta(receiver, "--targets", sim.file, "--full-after", "1ms")
        self.assertEqual((complete, beats), (5, 0))

    def test_another_receiver(self):
        """One that has nothing gets everything."""
        sim, first, second = self.fleet(), self.receiver(200), self.receiver(201)
        self.delta(first, "--targets", sim.file)
        complete, beats, _ = self.delta(first, "--targets", sim.file, "--sink", second.url)
        self.assertEqual((complete, beats), (5, 0))
        self.assertEqual(self.took(second)[0], 5)

    def test_killed(self):
        """kill -9 in the middle: nothing that was not delivered is called unchanged, and no epoch comes again."""
        sim = self.fleet("--fault", "latency=50", clusters=20)
        receiver = self.receiver(200, "--faults", "1:delay=100ms@100%")
        process = self.start("crawl", "--targets", sim.file, "--sink", receiver.url, "--state", "st",
                             "--concurrency", "4")
        self.wait_for(lambda: receiver.stats()["scopes"]["complete"] >= 2, "some were delivered")
        process.kill()
        process.communicate()
        before = self.epochs()
        had = receiver.stats()["scopes"]["complete"]
        complete, beats, _ = self.delta(receiver, "--targets", sim.file)
        self.assertEqual(complete + beats, 20)
        self.assertLessEqual(beats, had)
        after = self.epochs()
        self.assertTrue(all(after[name] > epoch for name, epoch in before.items()))
        complete, beats, _ = self.delta(receiver, "--targets", sim.file)
        self.assertEqual((complete, beats), (0, 20))

    def protocols(self, sim):
        """[(chosen, waits)] of one more run that reads everything."""
        self.crawl("--targets", sim.file, "--output", "o.ndjson")
        records = self.file_records("o.ndjson")
        ends = self.ends(records)
        self.assertEqual({e["read"] for e in ends.values()}, {"complete"})
        return sorted({(r["protocol"]["chosen"], ends[r["cluster"]]["cost"]["waits"])
                       for r in records if r["kind"] == "cluster"})

    def test_what_servers_offer_is_remembered(self):
        """STARTUP at once; another release there costs one connection more, and is remembered."""
        sim = self.fleet()
        self.assertEqual(self.protocols(sim), [(5, 5)])
        self.assertEqual(self.protocols(sim), [(5, 4)])
        sim.stop()
        sim = self.fleet("--release", "3.11")  # back to what knows no v5
        self.assertEqual(self.protocols(sim), [(4, 6)])
        self.assertEqual(self.protocols(sim), [(4, 4)])
        sim.stop()
        sim = self.fleet()  # and on again: v4 does, but the release is another
        self.assertEqual(self.protocols(sim), [(4, 4)])
        self.assertEqual(self.protocols(sim), [(5, 5)])
        self.assertEqual(self.protocols(sim), [(5, 4)])

    def test_labels_of_each(self):
        """Whose labels change is read anew, and nobody else."""
        sim, receiver = self.fleet(clusters=3), self.receiver()

        def run(*labels):
            lines = "".join(f'  - {{name: c{i}, contact_points: ["{sim.targets[i]}"], labels: {{team: {label}}}}}\n'
                            for i, label in enumerate(labels))
            self.write("c.yaml", "clusters:\n" + lines)
            return self.delta(receiver, "--config", "c.yaml")[:2]
        self.assertEqual(run("a", "b", "b"), (3, 0))
        self.assertEqual(run("a", "b", "b"), (0, 3))
        self.assertEqual(run("b", "b", "b"), (1, 2))

    def test_lost_directory(self):
        sim, receiver = self.fleet(), self.receiver()
        self.delta(receiver, "--targets", sim.file)
        before = self.epochs()
        shutil.rmtree(self.path("st"))
        time.sleep(1.1)
        complete, beats, _ = self.delta(receiver, "--targets", sim.file)
        self.assertEqual((complete, beats), (5, 0))
        self.assertTrue(all(epoch > before[name] for name, epoch in self.epochs().items()))

    def test_two_processes(self):
        silent = self.sim(f"{self.net}.90:0", "--fault", "silent")
        first = self.start("crawl", silent.targets[0], "--output", "one/", "--state", "st")
        self.wait_for(lambda: os.path.exists(self.path("st/state.db")), "it is open")
        _, err = self.crawl(silent.targets[0], "--output", "two/", status=2)
        self.assertIn(f"st: in use by process {first.pid}", err)
        first.kill()
        first.communicate()
        self.crawl("127.64.99.99:1", "--output", "two/", "--retries", "0", status=3)  # the lock went with it

    def test_unusable(self):
        sim = self.fleet()
        os.mkdir(self.path("st"))
        self.write("st/state.db", "no database, whatever its name says: " * 10)
        _, err = self.crawl(sim.targets[0], "--output", "out/", status=2)
        self.assertIn("st/state.db: file is not a database", err)
        os.remove(self.path("st/state.db"))
        with sqlite3.connect(self.path("st/state.db")) as db:
            db.execute("PRAGMA application_id = 0x63716c63")
            db.execute("PRAGMA user_version = 99")
        _, err = self.crawl(sim.targets[0], "--output", "out/", status=2)
        self.assertIn("version 99", err)
        shutil.rmtree(self.path("st"))
        self.write("st", "a file")
        _, err = self.crawl(sim.targets[0], "--output", "out/", status=2)
        self.assertIn("st/lock: cannot be opened: Not a directory", err)
        self.assertEqual(sim.stop()["clusters"][0]["connections"], 0)  # nobody was contacted

    def test_another_cluster(self):
        one, two = self.fleet(), self.sim(f"{self.net}.91:0", "--seed", "9", "--keyspaces", "1")
        receiver = self.receiver()
        for sim in (one, two):
            self.write(f"{sim.targets[0]}.yaml", f"clusters: [{{name: prod, connect: '{sim.targets[0]}'}}]\n")
        self.delta(receiver, "--config", f"{one.targets[0]}.yaml")
        before = self.took(receiver)
        _, err = self.crawl("--config", f"{two.targets[0]}.yaml", "--sink", receiver.url, status=3)
        self.assertIn("identity_mismatch", err)
        self.assertIn("--accept-identity", err)
        self.assertEqual(self.took(receiver)[2] - before[2], 2)  # scope_begin, scope_end: failed
        complete, beats, _ = self.delta(receiver, "--config", f"{two.targets[0]}.yaml", "--accept-identity", "prod")
        self.assertEqual((complete, beats), (1, 0))
        complete, beats, _ = self.delta(receiver, "--config", f"{two.targets[0]}.yaml")
        self.assertEqual((complete, beats), (0, 1))

    def test_folder_keeps_its_files(self):
        sim = self.fleet()
        self.crawl("--targets", sim.file, "--output", "out/")
        name = os.path.join("out", sim.targets[0].replace(":", "%3A") + ".ndjson")
        whole = self.file_records(name)
        self.assertEqual(whole[-1]["read"], "complete")
        self.crawl("--targets", sim.file, "--output", "out/")
        self.assertEqual(self.file_records(name), whole)
        os.remove(self.path(name))  # lost: it is read again
        self.crawl("--targets", sim.file, "--output", "out/")
        self.assertEqual(self.file_records(name)[-1]["read"], "complete")

    def test_snapshots_are_whole(self):
        sim = self.fleet()
        for _ in range(2):
            self.crawl("--targets", sim.file, "--output", "all.ndjson")
            kinds = [r["kind"] for r in self.file_records("all.ndjson")]
            self.assertEqual(kinds.count("scope_end"), 5)
            self.assertNotIn("heartbeat", kinds)


if __name__ == "__main__":
    unittest.main()
