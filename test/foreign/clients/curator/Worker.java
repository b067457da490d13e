import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.VersionedValue;
import org.apache.curator.retry.RetryForever;

/**
 * Recipes of Curator, each used round after round: Worker NAME DOORS LOG. What is claimed goes to the log before it is
 * given up. Prints its rounds as JSON; "stop" on its input ends the rounds, "view" prints what it believes, the end of
 * the input ends it.
 */
public final class Worker {
    private static final int TIMEOUT_MS = 10_000;
    private static final int PAUSE_MS = 10;
    private static final int KEPT = 5;
    private static final String ROOT = "/curator";

    private interface Step {
        void run() throws Exception;
    }

    private final String name;
    private final FileOutputStream log;
    private final CuratorFramework client;
    private final Map<String, Integer> rounds = new LinkedHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    private Worker(String name, String doors, String file) throws Exception {
        this.name = name;
        this.log = new FileOutputStream(file, true);
        this.client = CuratorFrameworkFactory.newClient(doors, TIMEOUT_MS, TIMEOUT_MS, new RetryForever(50));
        client.getConnectionStateListenable()
            .addListener((own, state) -> say("client", "state", "\"state\":\"" + state + "\""));
        client.start();
    }

    public static void main(String[] args) throws Exception {
        new Worker(args[0], args[1], args[2]).work();
        System.exit(0);
    }

    private void work() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(client, ROOT + "/lock");
        repeat("lock", () -> {
            mutex.acquire();
            try {
                say("lock", "held", "");
                say("lock", "freed", "");
            } finally {
                mutex.release();
            }
        });
        repeat("latch", this::lead);
        SharedCount count = new SharedCount(client, ROOT + "/count", 0);
        count.start();
        repeat("count", () -> {
            VersionedValue<Integer> seen = count.getVersionedValue();
            if (count.trySetCount(seen, seen.getValue() + 1)) say("count", "added", "");
        });
        client.createContainers(ROOT + "/children");
        PathChildrenCache cache = new PathChildrenCache(client, ROOT + "/children", true);
        cache.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
        repeat("children", this::change);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (line.equals("stop")) stop();
            if (line.equals("view")) view(cache);
        }
    }

    private void lead() throws Exception {
        try (LeaderLatch latch = new LeaderLatch(client, ROOT + "/latch", name)) {
            latch.start();
            latch.await();
            if (!latch.hasLeadership()) return;
            say("latch", "held", "");
            say("latch", "freed", "");
        }
    }

    /** One child after the other, with the number of the round; each goes when its number comes again. */
    private void change() throws Exception {
        int round = rounds.get("children");
        String path = ROOT + "/children/" + name + "-" + round % KEPT;
        if (client.checkExists().forPath(path) != null) client.delete().quietly().forPath(path);
        client.create().orSetData().forPath(path, bytes(String.valueOf(round)));
    }

    private void repeat(String recipe, Step step) {
        synchronized (rounds) {
            rounds.put(recipe, 0);
        }
        Thread thread = new Thread(() -> {
            while (!stopping) {
                try {
                    step.run();
                    count(recipe);
                    Thread.sleep(PAUSE_MS);
                } catch (Exception error) {
                    say(recipe, "trouble", "\"error\":\"" + error.getClass().getSimpleName() + "\"");
                }
            }
        });
        threads.add(thread);
        thread.start();
    }

    private void count(String recipe) {
        synchronized (rounds) {
            rounds.merge(recipe, 1, Integer::sum);
            StringBuilder text = new StringBuilder();
            rounds.forEach((one, n) -> text.append(text.length() == 0 ? "" : ",").append("\"" + one + "\":" + n));
            System.out.println("{\"rounds\":{" + text + "}}");
        }
    }

    private void stop() throws Exception {
        stopping = true;
        for (Thread thread : threads) thread.join();
        System.out.println("{\"stopped\":true}");
    }

    private void view(PathChildrenCache cache) throws Exception {
        Map<String, String> children = new TreeMap<>();
        for (ChildData child : cache.getCurrentData()) {
            String data = new String(child.getData(), StandardCharsets.UTF_8);
            children.put(child.getPath().substring(child.getPath().lastIndexOf('/') + 1), data);
        }
        client.sync().forPath(ROOT + "/count");
        int value = ByteBuffer.wrap(client.getData().forPath(ROOT + "/count")).getInt();
        StringBuilder text = new StringBuilder();
        children.forEach((path, data) ->
            text.append(text.length() == 0 ? "" : ",").append("\"" + path + "\":\"" + data + "\""));
        System.out.println("{\"view\":{\"count\":" + value + ",\"children\":{" + text + "}}}");
    }

    /** One write: the order of the lines is the order of the events, whichever process wrote them. */
    private void say(String recipe, String event, String more) {
        String line = "{\"recipe\":\"" + recipe + "\",\"who\":\"" + name + "\",\"event\":\"" + event + "\""
            + (more.isEmpty() ? "" : "," + more) + "}\n";
        try {
            log.write(bytes(line));
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
