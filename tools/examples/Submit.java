// Sends JSON lines from stdin to a ledger: java -Djava.net.preferIPv4Stack=true Submit.java http://127.0.0.1:PORT < events.jsonl
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Submit {
    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            System.err.println("usage: java -Djava.net.preferIPv4Stack=true Submit.java http://127.0.0.1:PORT < events.jsonl");
            System.exit(2);
        }
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(args[0] + "/v1/events"))
            .header("Content-Type", "application/x-ndjson")
            .POST(HttpRequest.BodyPublishers.ofByteArray(System.in.readAllBytes())).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        while (response.statusCode() == 429) {  // busy: the same lines may go again, their ids make it safe
            Thread.sleep(1000 * Long.parseLong(response.headers().firstValue("Retry-After").orElse("1")));
            response = client.send(request, HttpResponse.BodyHandlers.ofString());
        }
        System.out.print(response.body());  // one line per event, in order: {"seq":..,"leaf":..} or {"line":..,"refused":..}
        System.exit(response.statusCode() == 200 && !response.body().contains("\"refused\"") ? 0 : 1);
    }
}
