// SPDX-License-Identifier: Apache-2.0
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Peer HOST PORT seq|conc|hold N: the schema as the Java driver 4 models it. What is printed and what
 * is measured: ../../README.md. PEER_NOWALK=1: the driver's work alone.
 */
public final class Peer {
  private static final Duration TIMEOUT = Duration.ofSeconds(120);
  private static final boolean WALK = System.getenv("PEER_NOWALK") == null;

  private final String host;
  private final int port;
  private final OutputStream out =
      new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 20);

  /** What one crawl leaves: the counts, and the session where it is kept. */
  private record Done(CqlSession session, Model.Counts counts) {}

  private Peer(String host, int port) {
    this.host = host;
    this.port = port;
  }

  private static DriverConfigLoader configuration() {
    return DriverConfigLoader.programmaticBuilder()
        .withString(
            DefaultDriverOption.LOAD_BALANCING_POLICY_CLASS, "DcInferringLoadBalancingPolicy")
        // The default leaves the system keyspaces out.
        .withStringList(DefaultDriverOption.METADATA_SCHEMA_REFRESHED_KEYSPACES, List.of("/.*/"))
        .withInt(DefaultDriverOption.CONNECTION_POOL_LOCAL_SIZE, 1)
        // Netty's two quiet seconds at the end cost no CPU, but they would count as time.
        .withInt(DefaultDriverOption.NETTY_IO_SHUTDOWN_QUIET_PERIOD, 0)
        .withInt(DefaultDriverOption.NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 0)
        .withDuration(DefaultDriverOption.CONNECTION_CONNECT_TIMEOUT, TIMEOUT)
        .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, TIMEOUT)
        .withDuration(DefaultDriverOption.CONNECTION_SET_KEYSPACE_TIMEOUT, TIMEOUT)
        .withDuration(DefaultDriverOption.CONTROL_CONNECTION_TIMEOUT, TIMEOUT)
        .withDuration(DefaultDriverOption.METADATA_SCHEMA_REQUEST_TIMEOUT, TIMEOUT)
        .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, TIMEOUT)
        .build();
  }

  private Done crawl(boolean keep) throws Exception {
    CqlSession session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(host, port))
            .withConfigLoader(configuration())
            .build();
    Model.Counts counts = new Model.Counts();
    if (WALK) {
      byte[] text =
          Model.json(session.getMetadata(), counts).getBytes(StandardCharsets.UTF_8);
      synchronized (out) {
        out.write(text);
        out.write('\n');
      }
    }
    if (keep) return new Done(session, counts);
    session.close();
    return new Done(null, counts);
  }

  private List<Done> crawls(String mode, int n) throws Exception {
    List<Done> done = new ArrayList<>();
    if (mode.equals("seq")) {
      for (int i = 0; i < n; i++) done.add(crawl(false));
      return done;
    }
    ExecutorService pool = Executors.newFixedThreadPool(n);
    List<Future<Done>> futures = new ArrayList<>();
    for (int i = 0; i < n; i++) futures.add(pool.submit(() -> crawl(mode.equals("hold"))));
    for (Future<Done> future : futures) done.add(future.get());
    pool.shutdown();
    return done;
  }

  private void run(String mode, int n) throws Exception {
    long started = System.nanoTime();
    List<Done> done = crawls(mode, n);
    double wall = (System.nanoTime() - started) / 1e9;
    if (mode.equals("hold")) Thread.sleep(1000);
    out.flush();
    System.err.println("PEER " + Proc.report(mode, n, wall, port, done.get(n - 1).counts()));
    for (Done one : done) if (one.session() != null) one.session().close();
  }

  public static void main(String[] words) throws Exception {
    boolean right = words.length == 4 && List.of("seq", "conc", "hold").contains(words[2]);
    right = right && words[1].matches("\\d{1,5}") && words[3].matches("[1-9]\\d{0,4}");
    if (!right) {
      System.err.println("usage: Peer HOST PORT seq|conc|hold N");
      System.exit(2);
    }
    try {
      new Peer(words[0], Integer.parseInt(words[1])).run(words[2], Integer.parseInt(words[3]));
    } catch (Exception e) {
      System.err.println("peer: " + e);
      System.exit(1);
    }
    System.exit(0); // the driver's threads are no reason to stay
  }
}
