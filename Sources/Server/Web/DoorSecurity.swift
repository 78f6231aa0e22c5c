import NIOCore
import NIOSSL

/// How connections of a door are secured, made anew whenever the configuration or one of its files changes.
final class DoorSecurity: Sendable {
    let configuration: TLSConfiguration
    let context: NIOSSLContext
    /// Stands in for the verification of clients' certificates; nil for the ordinary one.
    let verification: (@Sendable ([NIOSSLCertificate], EventLoopPromise<NIOSSLVerificationResult>) -> Void)?
    let allowsHTTP2: Bool

    /// Reads the files; blocks. Throws what is wrong with them.
    init(_ tls: WebConfiguration.TLS, allowsHTTP2: Bool) throws(TLSMaterialError) {
        self.allowsHTTP2 = allowsHTTP2
        let chain = try tls.certificate.certificates("cert")
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try tls.key.privateKey("key")))
        configuration.minimumTLSVersion = tls.minimum.version
        configuration.maximumTLSVersion = tls.maximum.version
        configuration.applicationProtocols = allowsHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
        if !tls.cipherSuites.isEmpty { configuration.cipherSuiteValues = tls.cipherSuites }
        if !tls.curves.isEmpty { configuration.curves = tls.curves }
        if let clientCA = tls.clientCA { configuration.trustRoots = .certificates(try clientCA.certificates("client_ca")) }
        switch tls.clientAuthentication {
        case .none: configuration.certificateVerification = .none
        case .request, .verifyIfGiven: configuration.certificateVerification = .optionalVerification
        case .requireAny, .requireAndVerify: configuration.certificateVerification = .noHostnameVerification
        }
        switch tls.clientAuthentication {
        case .request, .requireAny: verification = { _, promise in promise.succeed(.certificateVerified) }
        default: verification = nil
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSMaterialError("certificate and key cannot be used together: \(error)")
        }
        self.configuration = configuration
    }
}
