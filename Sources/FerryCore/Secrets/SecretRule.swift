/// Why a file is taken for a secret.
public enum SecretRule: String, Sendable, CaseIterable {
    /// `.env` and its variants, but examples and templates.
    case environmentFile = "env-file"
    /// The name of an SSH private key.
    case sshKey = "ssh-key"
    /// A file of a tool's credentials, by its name, or by its name and what is in it.
    case credentials = "tool-credentials"
    /// A private key in PEM form.
    case privateKey = "private-key"
    /// `AKIA…`, `ASIA…`.
    case awsKey = "aws-access-key"
    /// `ghp_…` and its like, `github_pat_…`.
    case githubToken = "github-token"
    /// `glpat-…`.
    case gitlabToken = "gitlab-token"
    /// `xoxb-…` and its like.
    case slackToken = "slack-token"
    /// `sk_live_…`, `rk_live_…`.
    case stripeKey = "stripe-key"
    /// `AIza…`.
    case googleKey = "google-api-key"
    /// `sk-ant-…`.
    case anthropicKey = "anthropic-key"
    /// `sk-proj-…`.
    case openAIKey = "openai-key"
    /// `npm_…`.
    case npmToken = "npm-token"

    /// What the file seems to be, as the end of a sentence that begins with "it".
    public var sentence: String {
        switch self {
        case .environmentFile: "is named like a file of environment variables"
        case .sshKey: "is named like an SSH private key"
        case .credentials: "is where a tool keeps its credentials"
        case .privateKey: "holds a private key"
        case .awsKey: "holds what looks like an AWS access key"
        case .githubToken: "holds what looks like a GitHub token"
        case .gitlabToken: "holds what looks like a GitLab token"
        case .slackToken: "holds what looks like a Slack token"
        case .stripeKey: "holds what looks like a Stripe key"
        case .googleKey: "holds what looks like a Google API key"
        case .anthropicKey: "holds what looks like an Anthropic key"
        case .openAIKey: "holds what looks like an OpenAI key"
        case .npmToken: "holds what looks like an npm token"
        }
    }
}
