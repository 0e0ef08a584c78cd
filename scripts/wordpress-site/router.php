<?php
// What a web server's rewrite rules do: files are served, everything else is WordPress'.
touch( getenv( 'MCMP_SITE_DIR' ) . '/last-request' );

$path = rawurldecode( parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) ?? '/' );
$root = realpath( $_SERVER['DOCUMENT_ROOT'] );
$file = realpath( $root . $path );
$here = $file !== false && str_starts_with( $file . '/', $root . '/' );
if ( $here && is_file( $file ) ) {
	return false;
}
if ( $here && $file !== $root && is_file( $file . '/index.php' ) ) {
	$_SERVER['SCRIPT_NAME'] = rtrim( $path, '/' ) . '/index.php';
	$_SERVER['PHP_SELF']    = $_SERVER['SCRIPT_NAME'];
	chdir( $file );
	require $file . '/index.php';
	return true;
}
// A site without pretty permalinks has no rewrite rules either.
if ( getenv( 'MCMP_PERMALINKS' ) === 'plain' && $path !== '/' && $path !== '/index.php' ) {
	http_response_code( 404 );
	header( 'Content-Type: text/html' );
	echo '<h1>Not Found</h1>';
	return true;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
$_SERVER['PHP_SELF']    = '/index.php';
chdir( $root );
require $root . '/index.php';
return true;
