import ArgumentParser
import Server
@main struct Obstack: AsyncParsableCommand { func run() async throws {} }
